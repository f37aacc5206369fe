from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.bootstrap import over_groups, over_samples
from mmexp.analysis.recompute import Metric


def mean_of(values: np.ndarray) -> Metric:
    return lambda weights: weights @ values / weights.sum(-1)


def test_the_interval_over_samples_is_the_bca_interval_of_scipy():
    rng = np.random.default_rng(0)
    own, other = rng.exponential(1.2, 200), rng.exponential(1.0, 200)
    found = over_samples([mean_of(own)], [mean_of(other)], 200, replicates=4000)
    reference = stats.bootstrap((own - other,), np.mean, n_resamples=4000, rng=1).confidence_interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=0.02)
    assert (found.mean, found.over, found.pairs) == (pytest.approx((own - other).mean()), "samples", 200)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=30)
    one, other = (over_samples([mean_of(values)], [mean_of(values * 0)], 30, replicates=200) for _ in range(2))
    assert one == other


def test_the_standard_error_over_groups_is_the_analytic_cluster_robust_one():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(12), 30)
    values = rng.normal(0, 0.3, 12)[groups] + rng.normal(0, 1, 360)
    names = [f"g{i}" for i in groups]
    found = over_groups([mean_of(values)], [mean_of(values * 0)], names, replicates=4000)
    model = api.OLS(values, np.ones(360)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    assert found is not None and found.error == pytest.approx(model.bse[0], rel=0.05)
    twice = over_groups([mean_of(values)], [mean_of(values * 0)], names, samples=True, replicates=4000)
    assert twice is not None and twice.error is not None and found.error is not None
    assert twice.error > 1.1 * found.error  # the spread of samples is in that of groups already


def test_seeds_that_differ_widen_the_interval_over_groups():
    rng = np.random.default_rng(3)
    values, names = rng.normal(0, 1, 100), [f"g{i // 10}" for i in range(100)]
    same = over_groups([mean_of(values)] * 3, [mean_of(values * 0)] * 3, names, replicates=500)
    apart = over_groups([mean_of(values + s) for s in (-1, 0, 1)], [mean_of(values * 0)] * 3, names, replicates=500)
    assert same is not None and apart is not None and same.error is not None and apart.error is not None
    assert apart.error > 2 * same.error


def test_what_cannot_be_resampled_has_no_interval():
    still = mean_of(np.zeros(10))
    assert over_samples([still], [still], 10, replicates=100) is None and over_samples([still], [still], 1) is None
    assert over_groups([still], [still], ["a"] * 5 + ["b"] * 5) is None


def test_a_few_samples_have_no_interval():
    values = np.random.default_rng(0).normal(size=5)
    assert over_samples([mean_of(values[:4])], [mean_of(values[:4] * 0)], 4) is None
    assert over_samples([mean_of(values)], [mean_of(values * 0)], 5, replicates=50) is not None
