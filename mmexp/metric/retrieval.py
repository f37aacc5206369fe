"""Measure the rank of the true partner among the whole evaluation set."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class RetrievalRanks(Metric):
    """Recall at k and median rank, from query to candidates and in reverse; with groups also mean average precision.

    Pair i is (query i, candidate i); every other candidate is wrong. A wrong candidate that scores the same ranks
    before the right one, so a model that gives one score to everything gets no credit. For the average precision all
    candidates of the query's group are right.

    Source: Hodosh et al. 2013, "Framing Image Description as a Ranking Task", section 5; average precision: Manning et
    al. 2008, "Introduction to Information Retrieval", section 8.4.

    Args:
        at: The ks of recall at k.
        chunk: Queries scored at once; bounds memory to chunk x N numbers.

    Shape:
        queries [B, D], candidates [B, D], compared by dot product.

    Attributes:
        nearest: Of some queries, by key, the keys of the nearest candidates with their scores; known once computed.

    Example:
        >>> import torch
        >>> from mmexp.metric.retrieval import RetrievalRanks
        >>> metric = RetrievalRanks(at=(1,))
        >>> metric.update(torch.eye(3), torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.2, 0.9], [0.0, 0.5, 0.6]]))
        >>> {name: round(value.item(), 2) for name, value in metric.compute().items()}
        {'recall_at_1': 0.33, 'median_rank': 2.0, 'reverse_recall_at_1': 0.67, 'reverse_median_rank': 1.0}
    """

    full_state_update = False
    queries: list[Tensor]
    candidates: list[Tensor]
    keys: list[Tensor]
    groups: list[Tensor]

    def __init__(self, *, at: tuple[int, ...] = (1, 5, 10), chunk: int = 256) -> None:
        super().__init__()
        self.at, self.chunk = at, chunk
        self.nearest: dict[int, list[tuple[int, float]]] = {}
        for state in ("queries", "candidates", "keys", "groups"):
            self.add_state(state, [], dist_reduce_fx="cat")

    def update(
        self, queries: Tensor, candidates: Tensor, keys: Tensor | None = None, groups: Tensor | None = None
    ) -> None:
        """Add one batch of pairs.

        Args:
            queries: [B, D]
            candidates: [B, D]
            keys: A number for each pair that no other has, to say what is near. [B]
            groups: A number for each pair that all have for which its candidate is right. [B]
        """
        self.queries.append(queries.detach().float())
        self.candidates.append(candidates.detach().float())
        if keys is not None:
            self.keys.append(keys)
        if groups is not None:
            self.groups.append(groups)

    def compute(self) -> dict[str, Tensor]:
        """``recall_at_<k>`` and ``map`` in [0, 1], ``median_rank`` from 1, each also with ``reverse_`` in front."""
        queries, candidates = dim_zero_cat(self.queries), dim_zero_cat(self.candidates)
        if len(self.keys):
            self.nearest = nearest(queries, candidates, dim_zero_cat(self.keys))
        found: dict[str, Tensor] = {}
        for prefix, one, other in (("", queries, candidates), ("reverse_", candidates, queries)):
            found |= self._summary(ranks(one, other, self.chunk), prefix)
            if len(self.groups):
                precisions = average_precisions(one, other, dim_zero_cat(self.groups), self.chunk)
                found[f"{prefix}map"] = precisions.mean()
        return found

    def _summary(self, positions: Tensor, prefix: str) -> dict[str, Tensor]:
        recalls = {f"{prefix}recall_at_{k}": (positions <= k).float().mean() for k in self.at}
        return recalls | {f"{prefix}median_rank": positions.float().quantile(0.5)}


def ranks(queries: Tensor, candidates: Tensor, chunk: int = 256) -> Tensor:
    """Rank, from 1, of candidate i for query i: the candidates that do not score below it. [N, D], [N, D] -> [N]"""
    rows = []
    for start in range(0, len(queries), chunk):
        with torch.autocast(queries.device.type, enabled=False):
            scores = queries[start : start + chunk] @ candidates.T  # [chunk, N]
        own = scores.diagonal(start).unsqueeze(1)  # from the same block: computed apart, it differs in the last bits
        rows.append(len(candidates) - (scores < own).sum(1))
    return torch.cat(rows)


def average_precisions(queries: Tensor, candidates: Tensor, groups: Tensor, chunk: int = 256) -> Tensor:
    """Average precision of the candidates of its own group, for each query. [N, D], [N, D], [N] -> [N]

    The mean, over the right candidates, of the fraction of right ones among those that do not score below it.
    """
    rows = []
    for start in range(0, len(queries), chunk):
        with torch.autocast(queries.device.type, enabled=False):
            scores = queries[start : start + chunk] @ candidates.T  # [chunk, N]
        right = groups[start : start + chunk].unsqueeze(1) == groups
        number = right.sum(1, keepdim=True)  # [chunk, 1]
        wrong = scores.masked_fill(right, -torch.inf).sort(1).values
        best = scores.masked_fill(~right, -torch.inf).topk(int(number.max()), 1).values  # [chunk, most right ones]
        above = len(candidates) - torch.searchsorted(wrong, best)
        position = torch.arange(1, best.shape[1] + 1, device=scores.device)
        precision = (position / (position + above)).masked_fill(position > number, 0)
        rows.append(precision.sum(1) / number.squeeze(1))
    return torch.cat(rows)


def nearest(
    queries: Tensor, candidates: Tensor, keys: Tensor, count: int = 6, most: int = 5
) -> dict[int, list[tuple[int, float]]]:
    """Keys and scores of the candidates that are nearest to the queries with the smallest keys. [N, D], [N, D], [N]"""
    chosen = keys.argsort()[:count]
    scores, positions = (queries[chosen] @ candidates.T).topk(min(most, len(candidates)), 1)  # [count, most]
    columns = zip(keys[chosen].tolist(), keys[positions].tolist(), scores.tolist(), strict=True)
    return {own: list(zip(others, near, strict=True)) for own, others, near in columns}
