from __future__ import annotations

import pytest
import torch

from mmexp.loss import mean as module
from mmexp.loss.mean import mean


@pytest.mark.parametrize("count", [4, torch.tensor(4)])
def test_a_sum_is_divided_by_its_terms(count):
    assert mean(torch.tensor(10.0), count, 2).item() == 2.5


def test_no_terms_are_a_loss_of_zero():
    assert mean(torch.tensor(0.0), 0, 2).item() == 0


def test_processes_weighted_by_their_samples_have_the_mean_over_all_terms(monkeypatch: pytest.MonkeyPatch):
    """Three processes of unequal shares, the last of which has nothing known."""
    shares = [(3, 7, 14.0), (2, 1, 5.0), (1, 0, 0.0)]  # samples, terms and their sum
    whole = torch.tensor([sum(terms for _, terms, _ in shares), sum(samples for samples, *_ in shares)]).double()
    monkeypatch.setattr(module.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(module.dist, "all_reduce", lambda counts: counts.copy_(whole))
    losses = [mean(torch.tensor(total), terms, samples, everywhere=True) for samples, terms, total in shares]
    weighted = sum(loss.item() * samples / 6 for loss, (samples, *_) in zip(losses, shares, strict=True))
    assert weighted == pytest.approx(19 / 8)
    assert mean(torch.tensor(14.0), 7, 3).item() == 2
