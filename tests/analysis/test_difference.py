from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.difference import Difference, by_t


@pytest.mark.parametrize(
    ("found", "won", "lost"),
    [
        (Difference(0.1, 0.05, 0.15), True, False),
        (Difference(0.1, -0.05, 0.25), False, False),
        (Difference(-0.1, -0.2, -0.05), False, True),
        (Difference(0.1), True, False),
        (Difference(-0.1), False, True),
        (Difference(0.0), False, False),
    ],
)
def test_what_lies_within_chance_variation_is_neither_won_nor_lost(found, won, lost):
    assert (found.is_won, found.is_lost, found.is_noise) == (won, lost, not (won or lost))


def test_the_t_interval_and_its_p_are_those_of_scipy():
    values = np.random.default_rng(0).normal(0.1, 0.2, 7)
    reference = stats.ttest_1samp(values, 0)
    found = by_t(float(values.mean()), float(stats.sem(values)), 6, 7, "seeds", "t")
    assert (found.low, found.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert found.p == pytest.approx(reference.pvalue)


def test_a_difference_that_never_varies_is_certain():
    assert (by_t(0.1, 0.0, 2, 3, "seeds", "t").p, by_t(0.0, 0.0, 2, 3, "seeds", "t").p) == (0, 1)
