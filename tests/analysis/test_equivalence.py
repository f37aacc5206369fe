from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.difference import Difference, by_t
from mmexp.analysis.equivalence import Equivalence, equivalence
from mmexp.analysis.statistics import over_folds


def test_probabilities_are_those_of_the_correlated_t_posterior():
    values = np.random.default_rng(1).normal(0.01, 0.02, 10)
    found = over_folds({f"{i}": [value] for i, value in enumerate(values.tolist())})
    known = equivalence(found, 0.01) if found else None
    tested = 1 / 10  # of the samples
    posterior = stats.t(9, values.mean(), np.sqrt((1 / 10 + tested / (1 - tested)) * values.var(ddof=1)))
    assert known is not None
    assert (known.better, known.worse) == pytest.approx((posterior.sf(0.01), posterior.cdf(-0.01)))
    assert known.better + known.equal + known.worse == pytest.approx(1)


def test_a_difference_that_never_varies_is_on_one_side_for_certain():
    assert equivalence(by_t(0.02, 0.0, 2, 3, "seeds", "t"), 0.01) == Equivalence(1, 0, 0)
    assert equivalence(by_t(0.01, 0.0, 2, 3, "seeds", "t"), 0.01) == Equivalence(0, 1, 0)
    assert equivalence(Difference(0.1), 0.01) is None
