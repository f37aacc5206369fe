from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from mmexp.metric.f1 import BinaryF1, MultilabelMacroF1


def test_binary_f1_agrees_with_sklearn_where_there_are_positives() -> None:
    preds, targets = torch.rand(50) > 0.5, torch.rand(50) > 0.7
    metric = BinaryF1()
    for part in (slice(0, 7), slice(7, 50)):
        metric.update(preds[part], targets[part])
    assert metric.compute().item() == pytest.approx(f1_score(targets, preds))


@pytest.mark.parametrize("found", [True, False])
def test_binary_f1_is_undefined_without_positives(found: bool) -> None:
    metric = BinaryF1()
    metric.update(torch.tensor([found, False]), torch.tensor([False, False]))
    assert math.isnan(metric.compute())


def test_f1_of_labels_agrees_with_sklearn_over_those_that_are_somewhere() -> None:
    preds, targets = (torch.rand(2, 40, 6) > 0.6).long()
    preds[:, 3] = targets[:, 3] = 0
    targets[:, 5] = 0
    metric = MultilabelMacroF1(6)
    metric.update(preds, targets)
    each = np.delete(f1_score(targets, preds, average=None, zero_division=0), 3)
    assert each[-1] == 0 and metric.compute().item() == pytest.approx(each.mean())


def test_f1_of_labels_is_undefined_where_there_are_none() -> None:
    metric = MultilabelMacroF1(3)
    metric.update(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.long))
    assert math.isnan(metric.compute())
