"""Rows of all processes, with gradient."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F


def gather(rows: Tensor) -> tuple[Tensor, int]:
    """Gather the rows of all processes in order of rank, with gradient, and the index of this one's first.

    [B, D] -> [A, D]

    Processes may hold different numbers of rows. Each of them must call this at the same time.
    """
    sizes = [torch.zeros((), dtype=torch.long, device=rows.device) for _ in range(dist.get_world_size())]
    dist.all_gather(sizes, torch.tensor(len(rows), device=rows.device))
    counts = [int(size) for size in sizes]
    return _Gather.apply(rows, counts), sum(counts[: dist.get_rank()])


class _Gather(torch.autograd.Function):
    """All-gather whose gradient is the sum over processes of what each asks of a row."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, counts: list[int]) -> Tensor:
        ctx.counts = counts
        padded = F.pad(rows, (0, 0, 0, max(counts) - len(rows))).contiguous()
        every = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(every, padded)
        return torch.cat([part[:count] for part, count in zip(every, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        gradient = gradients[0].contiguous()
        dist.all_reduce(gradient)
        return torch.split(gradient, ctx.counts)[dist.get_rank()], None
