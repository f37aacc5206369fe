from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.random_effects import new_group, over_groups


def draw(groups: int = 8, seeds: int = 5, group: float = 0.03, seed: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (
        0.02
        + rng.normal(0, group, (groups, 1))
        + rng.normal(0, seed, (1, seeds))
        + rng.normal(0, 0.01, (groups, seeds))
    )


def cells(table: np.ndarray) -> dict[str, dict[object, float]]:
    return {f"g{i}": dict(enumerate(row)) for i, row in enumerate(table.tolist())}


def mixed_model(table: np.ndarray, crossed: bool) -> Any:
    """Fit the random effects of group, and of seed if they are crossed, by restricted maximum likelihood."""
    models = pytest.importorskip("statsmodels.regression.mixed_linear_model")
    groups, seeds = table.shape
    place = np.repeat(np.arange(groups), seeds)
    dummies = [np.eye(groups)[place], np.eye(seeds)[np.tile(np.arange(seeds), groups)]]
    components = models.VCSpec(["group", "seed"], [[["g"] * groups], [["s"] * seeds]], [[dummies[0]], [dummies[1]]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not crossed:
            return models.MixedLM(table.ravel(), np.ones((table.size, 1)), place).fit()
        one = np.ones(table.size)
        return models.MixedLM(
            table.ravel(), one[:, None], one, exog_vc=components, exog_re=np.zeros((table.size, 0))
        ).fit()


def test_the_standard_error_over_groups_is_that_of_a_mixed_model():
    table = draw(seed=0)
    found, model = over_groups(cells(table)), mixed_model(table, crossed=False)
    assert found is not None
    assert found.mean == pytest.approx(model.fe_params[0], rel=1e-5)
    assert found.error == pytest.approx(model.bse_fe[0], rel=1e-3)
    assert (found.pairs, found.over, found.degrees) == (8, "groups", 7)


def test_the_standard_error_over_groups_and_seeds_is_that_of_the_crossed_mixed_model():
    table = draw()
    found, model = over_groups(cells(table), crossed=True), mixed_model(table, crossed=True)
    assert found is not None
    assert found.error == pytest.approx(model.bse_fe[0], rel=0.01)
    alone = over_groups(cells(table))
    assert alone is not None and alone.error is not None and found.error is not None and found.error > alone.error
    assert 4 < found.degrees < 11


def test_groups_of_other_sizes_count_by_their_samples_as_in_cluster_robust_regression():
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(4)
    sizes = {f"g{i}": size for i, size in enumerate([10, 40, 25, 60, 15])}
    samples = {name: rng.normal(rng.normal(0.05, 0.2), 1, size) for name, size in sizes.items()}
    found = over_groups({name: {0: float(own.mean())} for name, own in samples.items()}, sizes)
    labels = np.repeat(np.arange(5), list(sizes.values()))
    values = np.concatenate(list(samples.values()))
    model = api.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": labels})
    assert found is not None
    assert (found.mean, found.error) == pytest.approx((values.mean(), model.bse[0]))


def test_where_groups_do_not_differ_the_seeds_are_the_evidence():
    column = np.random.default_rng(5).normal(0.02, 0.05, 4)
    found = over_groups(cells(np.tile(column, (6, 1))), crossed=True)
    assert found is not None
    assert (found.error, found.degrees) == (pytest.approx(stats.sem(column)), 3)


def test_one_more_group_varies_as_the_groups_do():
    table = draw(seed=0)
    found, means = new_group(cells(table)), table.mean(1)
    half = stats.t.ppf(0.975, 7) * means.std(ddof=1) * np.sqrt(1 + 1 / 8)
    assert found is not None and found.low is not None
    assert found.mean - found.low == pytest.approx(half) and found.over == "new group"


def test_fewer_than_three_groups_say_nothing_of_others():
    assert over_groups(cells(draw(2))) is None and new_group(cells(draw(2))) is None
