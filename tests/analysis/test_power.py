from __future__ import annotations

import math

import pytest
from scipy import stats

from mmexp.analysis.difference import Difference, by_t
from mmexp.analysis.power import need, units_needed


def over(effect: float, number: int = 3, over: str = "seeds") -> Difference:
    return by_t(effect, 1 / math.sqrt(number), number - 1, number, over, "t")


def chance(effect: float, units: int) -> float:
    """Power of the paired t test by the noncentral t distribution."""
    beyond = stats.t.ppf(0.975, units - 1)
    return float(stats.nct.sf(beyond, units - 1, effect * math.sqrt(units)))


@pytest.mark.parametrize("effect", [0.2, 0.5, -0.8, 1.2, 2.0])
def test_the_number_needed_is_that_of_the_noncentral_t_distribution(effect):
    needed = next(units for units in range(2, 1000) if chance(abs(effect), units) >= 0.8)
    assert units_needed(over(effect)) == pytest.approx(needed, abs=1)


def test_the_need_is_given_in_words():
    assert need(over(1.2)) == "about 8 seeds would be needed"
    assert need(over(2.9, 3)) == "about 4 seeds would be needed"
    assert need(over(0.01)) == "more than 1000 seeds would be needed"
    assert need(over(0.5, 4, "folds")) == need(Difference(0.1)) == need(over(0.0)) == ""
