from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.decision import Decision, Votes, counted

KNOWN = torch.tensor([True, False, True])


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits, targets, reduction="none")


def test_a_decision_costs_what_the_criterion_says_of_the_known_rows():
    logits, targets = torch.randn(3, 4), torch.eye(4)[[1, 2]]
    found = Decision(logits).losses(cross_entropy, targets, KNOWN)
    torch.testing.assert_close(found, F.cross_entropy(logits[KNOWN], torch.tensor([1, 2]), reduction="none"))


def test_each_modality_that_a_sample_has_learns_from_its_own_loss_alone():
    each = torch.randn(3, 2, 4, requires_grad=True)
    present = torch.tensor([[True, True], [True, True], [False, True]])
    found = Votes(torch.zeros(3, 4), each, present).losses(cross_entropy, torch.eye(4)[[1, 2]], KNOWN)
    own = [F.cross_entropy(each[row, m], torch.tensor(t)) for row, m, t in ((0, 0, 1), (0, 1, 1), (2, 1, 2))]
    torch.testing.assert_close(found, torch.stack([(own[0] + own[1]) / 2, own[2]]))
    found.sum().backward()
    assert not each.grad[1].any() and not each.grad[2, 0].any() and each.grad[2, 1].any()


def test_all_count_where_none_is_present():
    assert counted(torch.tensor([[True, False], [False, False]])).tolist() == [[True, False], [True, True]]
