from __future__ import annotations

import pytest
from scipy import stats

from mmexp.analysis.mcnemar import mid_p


@pytest.mark.parametrize(("first", "second"), [(10, 3), (0, 1), (1, 12), (60, 40), (900, 800)])
def test_half_of_what_was_seen_counts_less_than_in_the_exact_test_of_scipy(first, second):
    exact = stats.binomtest(first, first + second).pvalue
    assert mid_p(first, second) == pytest.approx(exact - stats.binom.pmf(first, first + second, 0.5), rel=1e-8)


def test_classifiers_that_are_right_equally_often_are_not_distinguished():
    assert mid_p(5, 5) == pytest.approx(1 - stats.binom.pmf(5, 10, 0.5) / 2)
    assert mid_p(0, 0) == 1
