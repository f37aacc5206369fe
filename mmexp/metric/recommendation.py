"""Measure the rank of the next item among all candidates."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

LISTED = 10
"""Items in a list of recommendations."""
AT = (1, 5, LISTED, 20)


class RecommendationScores(Metric):
    """Compute recall, NDCG and reciprocal rank of the next item among all candidates, and those of popularity.

    ``recall_at_<k>`` (hit rate), ``ndcg_at_10`` = 1 / log2(1 + rank) within the list and else 0, ``mrr`` of the whole
    ranking, ``coverage``, the fraction of candidates that are in anyone's list, and ``popularity_recall_at_10`` and
    ``popularity_ndcg_at_10`` of one list for everyone. A candidate that scores the same ranks before the right one. An
    item that is no candidate is never found.

    Source: Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques"; candidates are never
    sampled, after Krichene and Rendle 2020, "On Sampled Metrics for Item Recommendation".

    Args:
        items: Candidates I.

    Shape:
        scores [B, I], popularity [B, I], targets [B].
    """

    full_state_update = False
    higher_is_better = True
    hits: Tensor
    gain: Tensor
    reciprocal: Tensor
    popular_hits: Tensor
    popular_gain: Tensor
    number: Tensor
    listed: Tensor

    def __init__(self, *, items: int) -> None:
        super().__init__()
        self.add_state("hits", torch.zeros(len(AT)), dist_reduce_fx="sum")
        self.add_state("listed", torch.zeros(items, dtype=torch.long), dist_reduce_fx="sum")
        for name in ("gain", "reciprocal", "popular_hits", "popular_gain", "number"):
            self.add_state(name, torch.zeros(()), dist_reduce_fx="sum")

    def update(self, scores: Tensor, popularity: Tensor, targets: Tensor) -> None:
        """Add one batch.

        Args:
            scores: Of every candidate; -inf for one that is not to be recommended. [B, I]
            popularity: Likewise, of the baseline. [B, I]
            targets: Place of the right candidate; negative for none. [B]
        """
        own, popular = ranks(scores, targets), ranks(popularity, targets)
        self.hits += torch.stack([(own <= k).float().sum() for k in AT])
        self.gain += gains(own).sum()
        self.reciprocal += (1 / own).sum()
        self.popular_hits += (popular <= LISTED).float().sum()
        self.popular_gain += gains(popular).sum()
        self.number += len(targets)
        best = lists(scores)
        self.listed += torch.bincount(best[scores.gather(1, best) > -torch.inf], minlength=len(self.listed))

    def compute(self) -> dict[str, Tensor]:
        """All scores by name, in [0, 1]; NaN before any sample."""
        found = {f"recall_at_{k}": hits / self.number for k, hits in zip(AT, self.hits, strict=True)}
        return found | {
            f"ndcg_at_{LISTED}": self.gain / self.number,
            "mrr": self.reciprocal / self.number,
            "coverage": (self.listed > 0).float().mean(),
            f"popularity_recall_at_{LISTED}": self.popular_hits / self.number,
            f"popularity_ndcg_at_{LISTED}": self.popular_gain / self.number,
        }


def ranks(scores: Tensor, targets: Tensor) -> Tensor:
    """Rank of each target, from 1: the candidates that do not score below it; inf without one. [B, I], [B] -> [B]"""
    own = scores.gather(1, targets.clamp(min=0).unsqueeze(1))  # [B, 1]
    positions = scores.shape[1] - (scores < own).sum(1)
    return positions.float().masked_fill(targets < 0, torch.inf)


def gains(ranks: Tensor) -> Tensor:
    """Gain of standing at a rank, discounted, 0 outside the list. [B] -> [B]"""
    return torch.where(ranks <= LISTED, 1 / torch.log2(1 + ranks), 0.0)


def lists(scores: Tensor) -> Tensor:
    """The best candidates of each row, the best first. [B, I] -> [B, LISTED], or [B, I] if there are fewer"""
    return scores.topk(min(LISTED, scores.shape[1]), 1).indices
