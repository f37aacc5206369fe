from __future__ import annotations

import pytest
import torch
from sklearn.metrics import roc_auc_score

from mmexp.metric.auroc import Auroc


def filled(scores: torch.Tensor, targets: torch.Tensor) -> Auroc:
    metric = Auroc()
    for rows in zip(scores.split(7), targets.split(7), strict=True):
        metric.update(*rows)
    return metric


@pytest.mark.parametrize("decimals", [1, 6])
def test_the_area_agrees_with_sklearn_ties_included(decimals):
    torch.manual_seed(0)
    scores, targets = torch.rand(60, 4).round(decimals=decimals), torch.rand(60, 4) < 0.4
    expected = roc_auc_score(targets.numpy(), scores.numpy(), average="macro")
    assert filled(scores, targets).compute() == pytest.approx(expected, abs=1e-6)


def test_a_class_without_positives_is_left_out():
    torch.manual_seed(1)
    scores, targets = torch.rand(30, 3), torch.rand(30, 3) < 0.5
    targets[:, 1] = False
    kept = roc_auc_score(targets[:, [0, 2]].numpy(), scores[:, [0, 2]].numpy(), average="macro")
    assert filled(scores, targets).compute() == pytest.approx(kept, abs=1e-6)


@pytest.mark.parametrize("value", [True, False])
def test_it_is_undefined_when_all_samples_are_of_one_kind(value):
    assert filled(torch.rand(9, 1), torch.full((9, 1), value)).compute().isnan()
