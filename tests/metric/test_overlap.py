from __future__ import annotations

import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score

from mmexp.metric.overlap import Overlap, count, iou

CLASSES = 4


def masks(rows: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    goals = torch.randint(CLASSES, (rows, 6, 7))
    answers = torch.where(torch.rand(goals.shape) < 0.6, goals, torch.randint(CLASSES, goals.shape))
    goals[torch.rand(goals.shape) < 0.2] = 255
    return answers, goals


def measured(answers: torch.Tensor, goals: torch.Tensor) -> dict[str, float]:
    metric = Overlap(num_classes=CLASSES)
    for pair in zip(answers.split(2), goals.split(2), strict=True):
        metric.update(count(*pair, CLASSES))
    return {name: value.item() for name, value in metric.compute().items()}


def test_both_agree_with_sklearn_over_all_known_pixels():
    answers, goals = masks()
    known, values = goals != 255, measured(answers, goals)
    pair = goals[known].numpy(), answers[known].numpy()
    assert values["miou"] == pytest.approx(jaccard_score(*pair, average="macro"))
    assert values["dice"] == pytest.approx(f1_score(*pair, average="macro"))


def test_a_class_that_is_nowhere_does_not_count_and_one_that_is_only_answered_does():
    goals, answers = torch.zeros(1, 2, 2, dtype=torch.long), torch.tensor([[[0, 0], [0, 2]]])
    assert measured(answers, goals)["miou"] == pytest.approx((0.75 + 0) / 2)


def test_nothing_known_is_no_number():
    values = measured(torch.zeros(1, 2, 2, dtype=torch.long), torch.full((1, 2, 2), 255))
    assert values["miou"] != values["miou"] and values["dice"] != values["dice"]


def test_pixels_are_counted_by_row():
    answers, goals = masks()
    for row, counts in enumerate(count(answers, goals, CLASSES)):
        for true in range(CLASSES):
            for told in range(CLASSES):
                assert counts[true, told] == ((goals[row] == true) & (answers[row] == told)).sum()


def test_iou_is_told_by_class():
    answers, goals = masks()
    row = iou(count(answers, goals, CLASSES))[0]
    known = goals[0] != 255
    expected = jaccard_score(goals[0][known].numpy(), answers[0][known].numpy(), average=None, labels=range(CLASSES))
    torch.testing.assert_close(row, torch.tensor(expected, dtype=row.dtype))
