from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torchvision.ops import generalized_box_iou

from mmexp.contract import Padded
from mmexp.head.detection.assignment import costs, match
from mmexp.head.detection.box import centred


def boxes(*shape: int) -> torch.Tensor:
    first = torch.rand(*shape, 2) * 0.5
    return torch.cat([first, first + torch.rand(*shape, 2) * 0.5], -1)


@pytest.mark.parametrize(("answers", "objects"), [(5, 3), (4, 4), (2, 4), (3, 1)])
def test_pairs_have_the_least_total_cost_of_all_permutations(answers, objects):
    table = torch.randn(6, answers, objects)
    row, answer, number = match(table, torch.ones(6, objects, dtype=torch.bool))
    for i in range(6):
        total = table[i, answer[row == i], number[row == i]].sum().item()
        few, many = min(answers, objects), max(answers, objects)
        wide = table[i] if answers <= objects else table[i].T
        least = min(sum(wide[k, p[k]].item() for k in range(few)) for p in permutations(range(many), few))
        assert total == pytest.approx(least, abs=1e-5) and (row == i).sum() == few


def test_no_answer_is_given_to_padding():
    mask = torch.tensor([[True, False, True], [False, False, False]])
    row, answer, number = match(torch.randn(2, 4, 3), mask)
    assert row.tolist() == [0, 0] and sorted(number.tolist()) == [0, 2] and answer.unique().numel() == 2


def test_what_is_no_number_does_not_stop_it():
    table = torch.tensor([[[torch.nan, 1.0], [2.0, -torch.inf]]])
    _, answer, number = match(table, torch.ones(1, 2, dtype=torch.bool))
    assert list(zip(answer.tolist(), number.tolist(), strict=True)) == [(0, 0), (1, 1)]


def test_costs_are_those_of_each_pair_alone():
    scores, drawn, there = torch.rand(2, 5, 3), boxes(2, 5), boxes(2, 4)
    classes = torch.tensor([[0, 1, 2, -100], [2, 2, 0, 1]])
    table = costs(scores, drawn, Padded(there, torch.ones(2, 4, dtype=torch.bool)), classes)
    for b in range(2):
        shared = generalized_box_iou(drawn[b], there[b])
        for q in range(5):
            for k in range(4):
                away = (centred(drawn[b, q]) - centred(there[b, k])).abs().sum()
                expected = -scores[b, q, classes[b, k].clamp(min=0)] + 5 * away - 2 * shared[q, k]
                torch.testing.assert_close(table[b, q, k], expected)
