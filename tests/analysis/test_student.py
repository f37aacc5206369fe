from __future__ import annotations

import math

import pytest
from scipy import stats

from mmexp.analysis.student import quantile, two_sided, upper

DEGREES = [1, 2, 2.5, 3, 5, 9.7, 10, 29, 100, math.inf]


def student(degrees: float):
    return stats.norm if math.isinf(degrees) else stats.t(degrees)


@pytest.mark.parametrize("degrees", DEGREES)
def test_the_quantile_is_that_of_scipy(degrees):
    for confidence in (0.5, 0.95, 0.99):
        assert quantile(confidence, degrees) == pytest.approx(student(degrees).ppf((1 + confidence) / 2), rel=1e-8)


@pytest.mark.parametrize("degrees", DEGREES)
def test_probabilities_are_those_of_scipy_far_out_too(degrees):
    for t in (0, 0.1, 1, 2.5, -3, 12):
        assert two_sided(t, degrees) == pytest.approx(2 * student(degrees).sf(abs(t)), rel=1e-9)
        assert upper(t, degrees) == pytest.approx(student(degrees).sf(t), rel=1e-9)
