from __future__ import annotations

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score

from mmexp.metric.overlap import Overlap, count, iou

CLASSES = 4


def masks(rows: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    targets = torch.randint(CLASSES, (rows, 6, 7))
    answers = torch.where(torch.rand(targets.shape) < 0.6, targets, torch.randint(CLASSES, targets.shape))
    targets[torch.rand(targets.shape) < 0.2] = 255
    return answers, targets


def measured(answers: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    metric = Overlap(num_classes=CLASSES)
    for pair in zip(answers.split(2), targets.split(2), strict=True):
        metric.update(count(*pair, CLASSES))
    return {name: value.item() for name, value in metric.compute().items()}


def test_both_agree_with_sklearn_over_all_known_pixels():
    answers, targets = masks()
    known, values = targets != 255, measured(answers, targets)
    pair = targets[known].numpy(), answers[known].numpy()
    assert values["miou"] == pytest.approx(jaccard_score(*pair, average="macro"))
    assert values["dice"] == pytest.approx(f1_score(*pair, average="macro"))


def test_a_class_that_is_nowhere_does_not_count_and_one_that_is_only_answered_does():
    targets, answers = torch.zeros(1, 2, 2, dtype=torch.long), torch.tensor([[[0, 0], [0, 2]]])
    assert measured(answers, targets)["miou"] == pytest.approx((0.75 + 0) / 2)


def test_nothing_known_is_no_number():
    values = measured(torch.zeros(1, 2, 2, dtype=torch.long), torch.full((1, 2, 2), 255))
    assert values["miou"] != values["miou"] and values["dice"] != values["dice"]


def test_pixels_are_counted_by_row():
    answers, targets = masks()
    for row, counts in enumerate(count(answers, targets, CLASSES)):
        for true in range(CLASSES):
            for told in range(CLASSES):
                assert counts[true, told] == ((targets[row] == true) & (answers[row] == told)).sum()


def test_iou_is_told_by_class():
    answers, targets = masks()
    row = iou(count(answers, targets, CLASSES))[0]
    known = targets[0] != 255
    expected = jaccard_score(targets[0][known].numpy(), answers[0][known].numpy(), average=None, labels=range(CLASSES))
    torch.testing.assert_close(row, torch.tensor(expected, dtype=row.dtype))


@pytest.mark.parametrize("seed", range(5))
def test_of_sparse_masks_it_agrees_with_sklearn(seed: int):
    """One pixel in twenty is known, so that many rows lack most classes, and some have nothing."""
    torch.manual_seed(seed)
    targets, answers = torch.randint(CLASSES - 1, (12, 6, 7)), torch.randint(CLASSES - 1, (12, 6, 7))
    targets[torch.rand(targets.shape) < 0.95] = 255
    targets[3] = 255
    known = targets != 255
    pair = targets[known].numpy(), answers[known].numpy()
    metric = Overlap(num_classes=CLASSES)
    metric.update(count(answers, targets, CLASSES))
    found = {name: value.item() for name, value in metric.compute().items()}
    assert found["miou"] == pytest.approx(jaccard_score(*pair, average="macro"))
    assert found["dice"] == pytest.approx(f1_score(*pair, average="macro"))
