from __future__ import annotations

import math

import numpy as np
import pytest

from mmexp.study.estimate import Estimate, Measured, means

IDS = [f"s{i:03d}" for i in range(100)]
SCORES = {"all": np.arange(100) % 4 > 0, "half": np.arange(100) % 2 > 0}


def test_a_difference_of_metrics_has_the_interval_of_paired_samples():
    found = means({key: one.astype(float) for key, one in SCORES.items()}, IDS, {})
    one = found.estimate(lambda value: value("all") - value("half"))
    assert one.value == pytest.approx(0.25) and one.interval is not None
    assert one.interval.low < 0.25 < one.interval.high and one.interval.over == "samples"
    spread = math.sqrt(0.25 * 0.75 / 100)
    assert one.interval.error == pytest.approx(spread, rel=0.1)
    assert one.plain() == {
        "value": one.value,
        "low": one.interval.low,
        "high": one.interval.high,
        "over": "samples",
        "units": 100,
    }


def test_groups_are_the_unit_where_samples_have_them():
    groups = {name: f"g{i // 10}" for i, name in enumerate(IDS)}
    one = means({"all": SCORES["all"].astype(float)}, IDS, groups).estimate(lambda value: value("all"))
    assert one.interval is not None and (one.interval.over, one.interval.pairs) == ("groups", 10)


def test_a_number_has_no_interval_if_a_metric_does_not_follow_from_rows_or_it_is_undefined():
    found = Measured({"a": 1.0, "b": 0.0}, {"a": lambda weights: weights.mean(-1)}, IDS, {})
    assert found.estimate(lambda value: value("a") + value("b")) == Estimate(1.0)
    assert found.estimate(lambda value: value("a")).interval is None, "it never varies"
    assert math.isnan(found.estimate(lambda value: value("a") * float("nan")).value)
    assert Estimate(0.5).plain() == {"value": 0.5}


def test_a_difference_within_the_rounding_of_float32_is_zero() -> None:
    values = {"a": float(np.float32(0.8875)), "b": 0.8875, "c": 0.8874}
    found = Measured(values, {}, ["s"], {})
    assert found.estimate(lambda value: value("a") - value("b")).value == 0
    assert found.estimate(lambda value: value("a") - value("c")).value == pytest.approx(1e-4, rel=1e-3)
    assert found.estimate(lambda value: 1e-9).value == 1e-9, "a number of no metric is left alone"
