"""How high the right entity ranks among all those that could be linked."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from mmexp.contract import Padded


class LinkRanks(Metric):
    """Mean reciprocal rank and hits at k, filtered: other entities known to be right do not count as wrong.

    A wrong entity that scores the same ranks before the right one (the pessimistic convention), so a model that gives
    one score to everything gets no credit.

    Source: Bordes et al. 2013, "Translating Embeddings for Modeling Multi-relational Data", section 4.2 (filtered);
    ties: Berrendorf et al. 2020, https://arxiv.org/abs/2002.06914.

    Args:
        at: The ks of hits at k.
    """

    full_state_update = False
    higher_is_better = True
    ranks: list[Tensor]

    def __init__(self, *, at: tuple[int, ...] = (1, 3, 10)) -> None:
        super().__init__()
        self.at = at
        self.add_state("ranks", [], dist_reduce_fx="cat")

    def update(self, ranks: Tensor) -> None:
        """Add the ranks of one batch, from ``filtered_ranks``. [B]"""
        self.ranks.append(ranks)

    def compute(self) -> dict[str, Tensor]:
        """``mrr`` and ``hits_at_<k>``, in [0, 1]; NaN before any query."""
        ranks = dim_zero_cat(self.ranks).float() if len(self.ranks) else torch.empty(0, device=self.device)
        return {"mrr": (1 / ranks).mean(), **{f"hits_at_{k}": (ranks <= k).float().mean() for k in self.at}}


def filtered_ranks(scores: Tensor, targets: Tensor, known: Padded | None = None) -> tuple[Tensor, Tensor]:
    """Rank, from 1, of the right entity among itself and all that are not known to be right, and the number of these.

    Args:
        scores: Of every entity. [B, E]
        targets: Number of the right one; below 0 for one that is not among them, which ranks last. [B]
        known: Numbers of all right ones; None if nothing more is known. [B, K]

    Shape:
        -> int64 [B], int64 [B].
    """
    position = targets.clamp(min=0).unsqueeze(1)  # [B, 1]
    others = torch.ones_like(scores, dtype=torch.bool).scatter_(1, position, False)  # [B, E]
    if known is not None:
        others.scatter_(1, torch.where(known.mask, known.values, position), False)
    below = scores < scores.gather(1, position)  # so a score that is no number counts against the model
    among = 1 + others.sum(1)
    return torch.where(targets < 0, among, 1 + (others & ~below).sum(1)), among
