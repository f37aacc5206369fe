from __future__ import annotations

import pytest
import torch
from torchvision.ops import sigmoid_focal_loss

from mmexp.loss.cross_entropy import CrossEntropyLoss
from mmexp.loss.focal import FocalLoss


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_it_is_that_of_torchvision_for_several_labels(gamma):
    logits, labels = torch.randn(5, 3) * 4, (torch.rand(5, 3) < 0.5).float()
    plain, weighted = FocalLoss(gamma=gamma), FocalLoss(gamma=gamma, weights=dict.fromkeys("abc", 0.8 / 0.2))
    weighted.set_classes("abc")
    expected = sigmoid_focal_loss(logits, labels, alpha=-1, gamma=gamma).mean(1)
    torch.testing.assert_close(plain.multilabel(logits, labels), expected)
    expected = sigmoid_focal_loss(logits, labels, alpha=0.8, gamma=gamma).mean(1)
    torch.testing.assert_close(weighted.multilabel(logits, labels) * (1 - 0.8), expected)


def test_of_one_class_among_many_it_is_cross_entropy_times_what_is_wrong():
    logits, targets = torch.randn(5, 3), torch.eye(3)[[0, 1, 2, 0, 1]]
    wrong = 1 - (logits.softmax(1) * targets).sum(1)
    expected = wrong**2 * CrossEntropyLoss().multiclass(logits, targets)
    torch.testing.assert_close(FocalLoss().multiclass(logits, targets), expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_what_is_surely_right_has_a_finite_slope(gamma):
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    loss = FocalLoss(gamma=gamma)
    (loss.multiclass(logits, torch.eye(2)[:1]) + loss.multilabel(logits, torch.eye(2)[:1])).sum().backward()
    assert logits.grad.isfinite().all()


def test_a_negative_gamma_is_refused():
    with pytest.raises(ValueError, match=r"gamma must be at least 0, got -1\.0"):
        FocalLoss(gamma=-1.0)
