from __future__ import annotations

import numpy as np
import pytest

from mmexp.analysis.difference import Difference
from mmexp.analysis.effect_size import effect_size
from mmexp.analysis.statistics import over_folds, paired


def test_the_effect_is_the_mean_in_standard_deviations_and_smaller_for_few_pairs():
    values = np.random.default_rng(0).normal(0.5, 1, 6)
    found = paired(dict(enumerate(values)), dict.fromkeys(range(6), 0.0))
    assert found is not None
    assert effect_size(found) == pytest.approx((1 - 3 / (4 * 5 - 1)) * values.mean() / values.std(ddof=1))


def test_without_a_spread_there_is_none():
    assert effect_size(Difference(0.1)) is None


def test_that_training_splits_overlap_makes_no_effect_smaller():
    values = np.random.default_rng(0).normal(0.5, 1, 6)
    found = over_folds({f"{i}": [value] for i, value in enumerate(values.tolist())})
    assert found is not None
    assert effect_size(found) == pytest.approx((1 - 3 / (4 * 5 - 1)) * values.mean() / values.std(ddof=1))
