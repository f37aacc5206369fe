from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn import functional as F

from mmexp.loss.contrastive import OBJECTIVES, Pairs, infonce, sigmoid

SCALE, BIAS = torch.tensor(5.0), torch.tensor(-2.0)


def sides(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    queries, candidates = F.normalize(torch.randn(2, rows, 4), dim=-1)
    queries[1] = 0
    return queries.requires_grad_(), candidates.requires_grad_()


def test_infonce_agrees_with_the_full_matrix_of_real_pairs():
    queries, candidates = sides(5)
    real = [0, 2, 3, 4]
    logits = SCALE * queries[real] @ candidates[real].T
    expected = (F.cross_entropy(logits, torch.arange(4)) + F.cross_entropy(logits.T, torch.arange(4))) / 2
    torch.testing.assert_close(infonce(Pairs.of(queries, candidates), SCALE, BIAS), expected)


def test_sigmoid_agrees_with_the_sum_over_single_decisions():
    queries, candidates = sides(4)
    total = 0.0
    for i in (0, 2, 3):
        for j in (0, 2, 3):
            logit = (SCALE * queries[i] @ candidates[j] + BIAS).item()
            total += math.log1p(math.exp(-logit if i == j else logit))
    assert sigmoid(Pairs.of(queries, candidates), SCALE, BIAS).item() == pytest.approx(total / 3, rel=1e-5)


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_a_batch_of_one_or_without_any_pair_stays_finite(name):
    for rows in (torch.ones(1, 4) / 2, torch.zeros(1, 4), torch.zeros(3, 4)):
        queries, candidates = rows.clone().requires_grad_(), rows.clone().requires_grad_()
        loss = OBJECTIVES[name][0](Pairs.of(queries, candidates), SCALE, BIAS)
        loss.backward()
        assert loss.isfinite() and queries.grad.isfinite().all() and candidates.grad.isfinite().all()


def one_process(rank: int, folder: str, name: str, weight: torch.Tensor, parts: list[torch.Tensor]) -> None:
    """Loss and gradient of a shared weight, averaged over processes by their shares."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=len(parts))
    weight = weight.clone().requires_grad_()
    queries, candidates = F.normalize(parts[rank] @ weight, dim=-1).chunk(2, 0)
    scale = SCALE.clone().requires_grad_()
    share = len(parts[rank]) * len(parts) / sum(map(len, parts))
    loss = share * OBJECTIVES[name][0](Pairs.of(queries, candidates, everywhere=True), scale, BIAS)
    loss.backward()
    averaged = torch.cat([loss.detach().view(1), scale.grad.view(1), weight.grad.flatten()])
    dist.all_reduce(averaged)
    torch.save(averaged / len(parts), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_two_processes_with_unequal_shares_learn_what_one_learns(tmp_path: Path, name: str):
    torch.manual_seed(1)
    raw, weight = torch.randn(5, 2, 6), torch.randn(6, 4)
    raw[1, 0] = 0
    one, *two = [part.transpose(0, 1).flatten(0, 1) for part in (raw, raw[0::2], raw[1::2])]
    for folder, parts in ((tmp_path / "one", [one]), (tmp_path / "two", two)):
        folder.mkdir()
        mp.spawn(one_process, (str(folder), name, weight, parts), nprocs=len(parts))
    expected = torch.load(tmp_path / "one/0.pt")
    for rank in (0, 1):
        torch.testing.assert_close(torch.load(tmp_path / f"two/{rank}.pt"), expected, atol=1e-6, rtol=1e-6)
