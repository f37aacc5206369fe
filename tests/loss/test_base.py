from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from mmexp.loss.base import ClassLoss, balanced
from mmexp.loss.cross_entropy import CrossEntropyLoss

CLASSES = ["cat", "cow", "dog"]
COUNTS = [("dog", 60), ("cat", 30), ("cow", 10)]


def make(**options: object) -> CrossEntropyLoss:
    loss = CrossEntropyLoss(**options)
    loss.set_classes(CLASSES)
    return loss


def one_hot(labels: torch.Tensor) -> torch.Tensor:
    return F.one_hot(labels, len(CLASSES)).float()


def test_balanced_weights_are_those_of_sklearn():
    labels = [name for name, count in COUNTS for _ in range(count)]
    expected = compute_class_weight("balanced", classes=np.array(CLASSES), y=labels)
    found = make(weights="balanced", counts=COUNTS).weights
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float))
    assert balanced([("0", 2), ("1", 1), ("0", 1)]) == {"1": 2.0, "0": 2 / 3}


def test_a_class_counts_by_its_weight_as_in_torch():
    logits, labels, weights = torch.randn(7, 3), torch.arange(7) % 3, torch.tensor([1.0, 2.5, 0.5])
    loss = make(weights={"dog": 0.5, " cow": 2.5})
    expected = F.cross_entropy(logits, labels, weight=weights, reduction="none")
    torch.testing.assert_close(loss.multiclass(logits, one_hot(labels)), expected)
    chosen = (torch.rand(7, 3) < 0.5).float()
    expected = F.binary_cross_entropy_with_logits(logits, chosen, pos_weight=weights, reduction="none").mean(1)
    torch.testing.assert_close(loss.multilabel(logits, chosen), expected)


def test_numbers_are_classes_however_they_are_written():
    loss = CrossEntropyLoss(weights={"1": 3.0})
    loss.set_classes([0, 1])
    assert loss.weights.tolist() == [1.0, 3.0]


def test_it_says_which_counts_the_weights_come_from():
    assert make(weights="balanced", counts=COUNTS).notes() == [
        "train: classes are weighed by the inverse of their labels: dog 60, cat 30, cow 10."
    ]
    assert "and 5 more." in CrossEntropyLoss(weights="balanced", counts=[(i, 1) for i in range(25)]).notes()[0]
    assert make(counts=COUNTS).notes() == make(weights={"cat": 2.0}).notes() == []


def test_a_class_without_labels_counts_1():
    assert make(weights="balanced", counts=COUNTS[:2]).weights.tolist() == [1.5, 1.0, 0.75]


def test_weights_are_no_part_of_a_checkpoint():
    assert not make(weights="balanced", counts=COUNTS).state_dict() and make().weights is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weights": "equal"}, "weights must be balanced, null or by class, got 'equal'"),
        ({"weights": {"cat": 0.0}}, "weights must be positive, got cat: 0.0"),
        ({"weights": {"horse": 2.0}}, "weights must be of cat, cow, dog, got 'horse'"),
    ],
)
def test_weights_that_are_of_no_class_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        make(**options)


def test_a_loss_says_what_a_probability_costs():
    class SquaredError(ClassLoss):
        def penalty(self, log_probability):
            return (1 - log_probability.exp()).square()

    found = SquaredError().multiclass(torch.zeros(1, 2), torch.eye(2)[:1])
    assert found.tolist() == [pytest.approx(0.25)]
