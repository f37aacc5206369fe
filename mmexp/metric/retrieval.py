"""Measure the rank of the right candidates among the whole evaluation set."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class RetrievalRanks(Metric):
    """Recall at k and median rank, from query to candidates and in reverse; with groups also mean average precision.

    Pair i is (query i, candidate i). Queries with one key are one query, and so are candidates: each counts once, as
    the five captions of one image do in the benchmarks of Flickr30k and COCO. A candidate is right if it is paired with
    the query, or of its group; the rank is that of the first right one among the wrong ones. A wrong candidate that
    scores the same ranks before the right one, so a model that gives one score to everything gets no credit.

    Source: Hodosh et al. 2013, "Framing Image Description as a Ranking Task", section 5; several right candidates:
    Karpathy and Fei-Fei 2015, "Deep Visual-Semantic Alignments", https://arxiv.org/abs/1412.2306, section 4.1; average
    precision: Manning et al. 2008, "Introduction to Information Retrieval", section 8.4.

    Args:
        at: The ks of recall at k.
        chunk: Queries scored at once; bounds memory to chunk x N numbers.

    Shape:
        queries [B, D], candidates [B, D], compared by dot product.

    Attributes:
        nearest: Of some queries, by key, the keys of the nearest candidates with their scores; known once computed.
        positions: Rank of each query, by key, and with ``reverse_`` of each candidate; known once computed with keys.

    Example:
        >>> import torch
        >>> from mmexp.metric.retrieval import RetrievalRanks
        >>> metric = RetrievalRanks(at=(1,))
        >>> metric.update(torch.eye(3), torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.2, 0.9], [0.0, 0.5, 0.6]]))
        >>> {name: round(value.item(), 2) for name, value in metric.compute().items()}
        {'recall_at_1': 0.33, 'median_rank': 2.0, 'reverse_recall_at_1': 0.67, 'reverse_median_rank': 1.0}
    """

    full_state_update = False
    lower_is_better = ("median_rank", "reverse_median_rank")
    queries: list[Tensor]
    candidates: list[Tensor]
    keys: list[Tensor]
    groups: list[Tensor]

    def __init__(self, *, at: tuple[int, ...] = (1, 5, 10), chunk: int = 256) -> None:
        super().__init__()
        self.at, self.chunk = at, chunk
        self.nearest: dict[int, list[tuple[int, float]]] = {}
        self.positions: dict[str, dict[int, int]] = {}
        for state in ("queries", "candidates", "keys", "groups"):
            self.add_state(state, [], dist_reduce_fx="cat")

    def update(
        self, queries: Tensor, candidates: Tensor, keys: Tensor | None = None, groups: Tensor | None = None
    ) -> None:
        """Add one batch of pairs.

        Args:
            queries: [B, D]
            candidates: [B, D]
            keys: A number for the query and one for the candidate of each pair; what is shown twice has one. [B, 2]
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
        sides = [dim_zero_cat(self.queries), dim_zero_cat(self.candidates)]
        plain = torch.arange(len(sides[0]), device=sides[0].device).unsqueeze(1).expand(-1, 2)
        keys = dim_zero_cat(self.keys) if len(self.keys) else plain
        groups = dim_zero_cat(self.groups) if len(self.groups) else None
        first, pairs = distinct(keys)
        items = [side[chosen] for side, chosen in zip(sides, first, strict=True)]
        own = [None if groups is None else groups[chosen] for chosen in first]
        if len(self.keys):
            names = [keys[chosen, side] for side, chosen in enumerate(first)]
            self.nearest = nearest(items[0], items[1], names[0], names[1])
        found: dict[str, Tensor] = {}
        for prefix, one, other in (("", 0, 1), ("reverse_", 1, 0)):
            right = Right(pairs[:, [one, other]], own[one], own[other])
            positions = ranks(items[one], items[other], right, self.chunk)
            found |= self._summary(positions, prefix)
            if len(self.keys):
                self.positions[prefix] = dict(zip(names[one].tolist(), positions.tolist(), strict=True))
            if groups is not None:
                found[f"{prefix}map"] = average_precisions(items[one], items[other], right, self.chunk).mean()
        return found

    def _summary(self, positions: Tensor, prefix: str) -> dict[str, Tensor]:
        recalls = {f"{prefix}recall_at_{k}": (positions <= k).float().mean() for k in self.at}
        return recalls | {f"{prefix}median_rank": positions.float().quantile(0.5)}


class Right:
    """Say which candidates are right for which queries.

    Args:
        pairs: Positions of a query and of a candidate that is right for it. [P, 2]
        query_groups: A number for each query, for which every candidate with that number is right. [Q]
        candidate_groups: Likewise for each candidate. [C]
    """

    def __init__(
        self, pairs: Tensor, query_groups: Tensor | None = None, candidate_groups: Tensor | None = None
    ) -> None:
        self.pairs, self.groups = pairs, (query_groups, candidate_groups)

    def block(self, scores: Tensor, start: int) -> Tensor:
        """Return which of the candidates are right for the queries from ``start`` on. [chunk, C] -> bool [chunk, C]"""
        right = torch.zeros_like(scores, dtype=torch.bool)
        inside = (self.pairs[:, 0] >= start) & (self.pairs[:, 0] < start + len(scores))
        queries, candidates = self.pairs[inside].unbind(1)
        right[queries - start, candidates] = True
        one, other = self.groups
        return right if one is None else right | (one[start : start + len(scores)].unsqueeze(1) == other)


def distinct(keys: Tensor) -> tuple[list[Tensor], Tensor]:
    """Number the items of both sides, each once. [P, 2] -> where each item is first [Q] and [C], their pairs [P, 2]"""
    first, numbers = [], []
    for column in keys.unbind(1):
        values, places = torch.unique(column, return_inverse=True)
        order = torch.arange(len(column), device=column.device)
        first.append(torch.full_like(values, len(column)).scatter_reduce(0, places, order, "amin"))
        numbers.append(places)
    return first, torch.stack(numbers, 1)


def ranks(queries: Tensor, candidates: Tensor, right: Right, chunk: int = 256) -> Tensor:
    """Rank, from 1, of the first right candidate: the wrong ones that do not score below it. [Q, D], [C, D] -> [Q]"""
    rows = []
    for scores, own in _blocks(queries, candidates, right, chunk):
        best = scores.masked_fill(~own, -torch.inf).max(1, keepdim=True).values
        rows.append(1 + (~own & ~(scores < best)).sum(1))
    return torch.cat(rows)


def average_precisions(queries: Tensor, candidates: Tensor, right: Right, chunk: int = 256) -> Tensor:
    """Average precision of the right candidates of each query. [Q, D], [C, D] -> [Q]

    The mean, over the right candidates, of the fraction of right ones among those that do not score below it.
    """
    rows = []
    for scores, own in _blocks(queries, candidates, right, chunk):
        number = own.sum(1, keepdim=True)  # [chunk, 1]
        wrong = scores.masked_fill(own, -torch.inf).sort(1).values
        best = scores.masked_fill(~own, -torch.inf).topk(int(number.max()), 1).values  # [chunk, most right ones]
        above = len(candidates) - torch.searchsorted(wrong, best)
        position = torch.arange(1, best.shape[1] + 1, device=scores.device)
        precision = (position / (position + above)).masked_fill(position > number, 0)
        rows.append(precision.sum(1) / number.squeeze(1))
    return torch.cat(rows)


def nearest(
    queries: Tensor, candidates: Tensor, query_keys: Tensor, candidate_keys: Tensor, count: int = 6, most: int = 5
) -> dict[int, list[tuple[int, float]]]:
    """Keys and scores of the candidates that are nearest to the queries with the smallest keys. [Q, D], [C, D]"""
    chosen = query_keys.argsort()[:count]
    scores, positions = (queries[chosen] @ candidates.T).topk(min(most, len(candidates)), 1)  # [count, most]
    columns = zip(query_keys[chosen].tolist(), candidate_keys[positions].tolist(), scores.tolist(), strict=True)
    return {own: list(zip(others, near, strict=True)) for own, others, near in columns}


def _blocks(queries: Tensor, candidates: Tensor, right: Right, chunk: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Scores of some queries with all candidates, and which are right; never all at once. [chunk, C] each"""
    for start in range(0, len(queries), chunk):
        with torch.autocast(queries.device.type, enabled=False):
            scores = queries[start : start + chunk] @ candidates.T
        yield scores, right.block(scores, start)
