from __future__ import annotations

import numpy as np
import pytest

from mmexp.analysis.holm import holm

multitest = pytest.importorskip("statsmodels.stats.multitest")


@pytest.mark.parametrize("number", [1, 2, 8, 25])
def test_adjusted_p_values_are_those_of_statsmodels(number):
    values = np.random.default_rng(number).random(number) ** 3
    assert holm(values.tolist()) == pytest.approx(multitest.multipletests(values, method="holm")[1].tolist())


def test_no_comparison_needs_no_adjustment():
    assert holm([]) == []
