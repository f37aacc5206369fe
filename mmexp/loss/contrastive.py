"""Objectives that pull the two sides of a pair together and push other pairs apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F

from mmexp.layer.gather import gather


class Pairs(NamedTuple):
    """The pairs of this process, and those of all.

    Args:
        queries: Unit vectors, zero where a pair lacks a side. [B, D]
        candidates: Likewise. [B, D]
        all_queries: Of every process. [A, D]
        all_candidates: Likewise. [A, D]
        own: Place of this process's pairs among all. [B]
    """

    queries: Tensor
    candidates: Tensor
    all_queries: Tensor
    all_candidates: Tensor
    own: Tensor

    @staticmethod
    def of(queries: Tensor, candidates: Tensor, everywhere: bool = False) -> Pairs:
        """Pair row i with row i; a row of zeros on either side leaves the pair out.

        Args:
            queries: [B, D]
            candidates: [B, D]
            everywhere: Gather from all processes, each of which must call this at the same time.
        """
        real = (queries.any(1) & candidates.any(1)).unsqueeze(1)
        both = torch.cat([queries, candidates], 1) * real  # [B, 2D]
        every, start = gather(both) if everywhere and dist.is_initialized() else (both, 0)
        own = torch.arange(start, start + len(both), device=both.device)
        (ours, theirs), (all_ours, all_theirs) = both.chunk(2, 1), every.chunk(2, 1)
        return Pairs(ours, theirs, all_ours, all_theirs, own)

    def mean(self, rows: Tensor) -> Tensor:
        """Mean over the pairs here, each of which counts for more by as much as there are fewer real ones everywhere.

        So the mean over processes, each weighted by how many pairs it has, is the mean over all real pairs.
        """
        real = self.all_queries.any(1).sum().clamp(min=1)
        return rows.masked_fill(~self.queries.any(1), 0).mean() * len(self.all_queries) / real


def infonce(pairs: Pairs, scale: Tensor, bias: Tensor) -> Tensor:
    """Classify the partner among all others, in both directions.

    Source: Radford et al. 2021, "CLIP", https://arxiv.org/abs/2103.00020, figure 3. The bias cancels.
    """
    absent = ~pairs.all_queries.any(1)
    forth = (scale * pairs.queries @ pairs.all_candidates.T).masked_fill(absent, -1e4)  # [B, A]
    back = (scale * pairs.candidates @ pairs.all_queries.T).masked_fill(absent, -1e4)
    both = F.cross_entropy(forth, pairs.own, reduction="none") + F.cross_entropy(back, pairs.own, reduction="none")
    return pairs.mean(both / 2)


def sigmoid(pairs: Pairs, scale: Tensor, bias: Tensor) -> Tensor:
    """Decide for each query and candidate alone whether they belong together.

    Source: Zhai et al. 2023, "SigLIP", https://arxiv.org/abs/2303.15343, eq. 1.
    """
    logits = scale * pairs.queries @ pairs.all_candidates.T + bias  # [B, A]
    sign = 2 * F.one_hot(pairs.own, len(pairs.all_queries)) - 1
    return pairs.mean(-F.logsigmoid(sign * logits).masked_fill(~pairs.all_queries.any(1), 0).sum(1))


Objective = Callable[[Pairs, Tensor, Tensor], Tensor]
OBJECTIVES: dict[str, tuple[Objective, float, float]] = {
    "infonce": (infonce, 1 / 0.07, 0.0),
    "sigmoid": (sigmoid, 10.0, -10.0),
}
"""By name: the function, and the scale and bias it starts from in its paper."""
