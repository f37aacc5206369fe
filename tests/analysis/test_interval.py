from __future__ import annotations

from typing import Any

import pytest

from mmexp.analysis.interval import interval

ROWS = [{"id": str(i), "label": int(i < 60), "target": 1, "group": str(i % 5)} for i in range(100)]
WITHOUT = [{key: value for key, value in row.items() if key != "group"} for row in ROWS]


def test_accuracy_has_the_interval_of_a_proportion_over_samples(make_row: Any) -> None:
    found = interval(make_row(0.6, rows=WITHOUT), "test/accuracy")
    assert found is not None and (found.over, found.pairs) == ("samples", 100)
    assert (found.low, found.high) == pytest.approx((0.504, 0.696), abs=0.02)  # by the normal interval


def test_where_samples_have_groups_these_are_the_unit(make_row: Any) -> None:
    found = interval(make_row(0.6, rows=ROWS), "test/accuracy")
    assert found is not None and (found.over, found.pairs) == ("groups", 5) and found.mean == pytest.approx(0.6)


def test_a_metric_that_does_not_follow_from_the_predictions_has_none(make_row: Any) -> None:
    assert interval(make_row(0.6), "test/accuracy") is None
    assert interval(make_row(0.9, rows=ROWS), "test/accuracy") is None


def test_an_area_that_some_draws_leave_undefined_has_none(make_row: Any) -> None:
    rows = [{"id": str(i), "label": 0, "target": i, "scores": {"0": 1 - i, "1": i}} for i in (0, 1)]
    assert interval(make_row(1.0, metric="test/auroc", rows=rows), "test/auroc") is None
