from __future__ import annotations

import math

import pytest
import torch
from torchmetrics import MeanAbsoluteError
from torchmetrics.classification import MulticlassCohenKappa

from mmexp.error import ConfigError
from mmexp.metric.column import ColumnMetric


def kappa() -> ColumnMetric:
    return ColumnMetric(
        base_metric=MulticlassCohenKappa(num_classes=3), preds="label", target="target", classes=["r", "g", "b"]
    )


def rows(*pairs: tuple[object, object]) -> list[dict[str, object]]:
    return [{"id": f"s{i}", "label": label, "target": target} for i, (label, target) in enumerate(pairs)]


def test_cohens_kappa_of_two_columns_agrees_with_the_formula_written_out():
    metric = kappa()
    metric.update(rows(("r", "r"), ("g", "g"), ("b", "r")))
    metric.update(rows(("r", "r"), ("g", "b")))
    observed = 3 / 5
    expected = (2 * 3 + 2 * 1 + 1 * 1) / 25
    assert metric.compute().item() == pytest.approx((observed - expected) / (1 - expected))
    metric.reset()
    metric.update(rows(("r", "r"), ("g", "g")))
    assert metric.compute() == 1


def test_columns_of_numbers_need_no_classes():
    metric = ColumnMetric(base_metric=MeanAbsoluteError(), preds="prediction", target="target")
    metric.update([{"prediction": 1.5, "target": 1.0}, {"prediction": 3, "target": 2}])
    torch.testing.assert_close(metric.compute(), torch.tensor(0.75))


def test_the_direction_is_that_of_the_base_metric():
    assert kappa().higher_is_better is True
    assert ColumnMetric(base_metric=MeanAbsoluteError(), preds="a", target="b").higher_is_better is False


def test_rows_without_a_target_or_with_an_unknown_class_are_left_out():
    metric = kappa()
    metric.update([*rows(("r", "r"), ("g", "g"), ("r", None), ("r", "purple")), {"id": "s9", "label": "b"}])
    assert metric.count == 2 and metric.compute() == 1


def test_without_any_row_the_result_is_nan():
    metric = kappa()
    metric.update([])
    assert math.isnan(metric.compute())


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"preds must be a column of the prediction rows, got 'label' of id, answer"):
        kappa().update([{"id": "s0", "answer": "r"}])
    with pytest.raises(ConfigError, match=r"target must be a column of the prediction rows, got 'target' of id, label"):
        kappa().update([{"id": "s0", "label": "r"}])


@pytest.mark.parametrize("value", ["purple", ["r"]])
def test_a_prediction_that_is_no_class_is_refused(value):
    with pytest.raises(ConfigError, match=r"column must hold one of the classes r, g, b, got"):
        kappa().update(rows((value, "r")))


def test_a_column_of_text_without_classes_is_refused():
    metric = ColumnMetric(base_metric=MeanAbsoluteError(), preds="label", target="target")
    with pytest.raises(ConfigError, match="column must hold a number, got 'r'"):
        metric.update(rows(("r", 1.0)))
