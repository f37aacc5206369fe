from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.mcnemar import mid_p
from mmexp.analysis.statistics import deviation, mean, over_folds, paired, per_sample


def test_mean_and_deviation_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(5, 2, 7).tolist()
    assert mean(values) == pytest.approx(np.mean(values))
    assert deviation(values) == pytest.approx(np.std(values, ddof=1))


def test_one_value_has_no_deviation() -> None:
    assert deviation([1.0]) is None
    assert deviation([]) is None


def test_the_interval_is_that_of_scipy_over_the_shared_seeds() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.8, 0.05, 6), rng.normal(0.7, 0.05, 6)
    reference = stats.ttest_rel(first, second).confidence_interval(0.95)
    found = paired(dict(enumerate(first)) | {"only": 9.0}, dict(enumerate(second)) | {"other": -9.0})
    assert found is not None
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high))
    assert found.mean == pytest.approx(np.mean(first - second))
    assert found.pairs == 6


def test_fewer_than_three_shared_seeds_tell_nothing() -> None:
    assert paired({0: 1.0, 1: 1.0, 2: 1.0}, {0: 0.9, 1: 0.9, 7: 0.9}) is None
    assert paired({}, {}) is None


def test_noise_is_an_interval_with_zero_in_it() -> None:
    close = paired({0: 0.5, 1: 0.6, 2: 0.4}, {0: 0.4, 1: 0.6, 2: 0.5})
    clear = paired({0: 0.9, 1: 0.91, 2: 0.89}, {0: 0.4, 1: 0.42, 2: 0.4})
    assert close is not None
    assert clear is not None
    assert close.is_noise
    assert not clear.is_noise


def test_the_interval_over_samples_is_the_normal_one_of_scipy_over_their_mean_differences() -> None:
    right = np.random.default_rng(2).integers(0, 2, (2, 2, 40)).astype(float)
    first, second = ([dict(zip(map(str, range(40)), seed.tolist(), strict=True)) for seed in way] for way in right)
    differences = (right[0] - right[1]).mean(0)
    reference = stats.norm.interval(0.95, differences.mean(), stats.sem(differences))
    found = per_sample([first[0] | {"only": 1.0}, first[1]], second)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(reference)
    assert (found.mean, found.pairs) == (pytest.approx(differences.mean()), 40)


def test_fewer_than_two_shared_samples_tell_nothing() -> None:
    assert per_sample([{"a": 1.0, "b": 0.0}], [{"a": 0.0, "c": 0.0}]) is None
    assert per_sample([], []) is None


def test_one_pair_of_classifiers_has_the_p_value_of_mcnemar() -> None:
    first = {f"{i}": float(i >= 3) for i in range(40)}
    second = {f"{i}": float(not 10 <= i < 20) for i in range(40)}
    found = per_sample([first], [second])
    assert found is not None and found.p == pytest.approx(mid_p(10, 3)) and "McNemar" in found.method
    again = per_sample([first, first], [second, second])
    assert again is not None and again.p != found.p and "McNemar" not in again.method


def test_the_interval_over_folds_counts_that_their_training_splits_overlap() -> None:
    values = np.random.default_rng(3).normal(0.02, 0.03, (5, 2))
    found = over_folds({f"{i}": row for i, row in enumerate(values.tolist())})
    means = values.mean(1)
    half = stats.t.ppf(0.975, 4) * means.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    assert found is not None and found.low is not None
    assert (found.mean, found.mean - found.low, found.pairs) == (pytest.approx(means.mean()), pytest.approx(half), 5)
    assert over_folds({"0": [0.1], "1": [0.2]}) is None
