from __future__ import annotations

import pytest
from scipy import stats

from mmexp.analysis.compare import compare
from mmexp.analysis.level import level


def group(make_row, values, **config):
    rows = [
        make_row(value, seed, **{key: own[seed] for key, own in config.items()}) for seed, value in enumerate(values)
    ]
    return compare(rows)[0].groups[0]


def test_over_seeds_it_is_the_t_interval_of_the_mean(make_row):
    values = [0.5, 0.6, 0.9]
    found = level(group(make_row, values), "test/accuracy")
    low, high = stats.t.interval(0.95, 2, loc=sum(values) / 3, scale=stats.sem(values))
    assert found and (found.low, found.high) == pytest.approx((low, high)) and found.over == "seeds"


def test_over_folds_it_is_wider_by_the_overlap_of_training_data(make_row):
    values = [0.5, 0.6, 0.9]
    found = level(group(make_row, values, fold=["a", "b", "c"]), "test/accuracy")
    plain = level(group(make_row, values), "test/accuracy")
    assert found and plain and found.over == "folds"
    assert found.error / plain.error == pytest.approx((1 + 3 / 2) ** 0.5)


def test_two_runs_give_none(make_row):
    assert level(group(make_row, [0.5, 0.6]), "test/accuracy") is None
