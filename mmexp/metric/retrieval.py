"""How high the true partner ranks among all of the evaluation set."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class RetrievalRanks(Metric):
    """Recall at k and median rank, from query to candidates and in reverse.

    Pair i is (query i, candidate i); every other candidate is wrong. A wrong candidate that scores the same ranks
    before the right one, so a model that gives one answer to everything gets no credit.

    Source: Hodosh et al. 2013, "Framing Image Description as a Ranking Task", section 5.

    Args:
        at: The ks of recall at k.
        chunk: Queries scored at once; bounds memory to chunk x N numbers.

    Shape:
        queries [B, D], candidates [B, D], compared by dot product.
    """

    full_state_update = False
    queries: list[Tensor]
    candidates: list[Tensor]

    def __init__(self, *, at: tuple[int, ...] = (1, 5, 10), chunk: int = 256) -> None:
        super().__init__()
        self.at, self.chunk = at, chunk
        self.add_state("queries", [], dist_reduce_fx="cat")
        self.add_state("candidates", [], dist_reduce_fx="cat")

    def update(self, queries: Tensor, candidates: Tensor) -> None:
        """Add one batch of pairs."""
        self.queries.append(queries.detach().float())
        self.candidates.append(candidates.detach().float())

    def compute(self) -> dict[str, Tensor]:
        """``recall_at_<k>`` in [0, 1] and ``median_rank`` from 1, each also with ``reverse_`` in front."""
        queries, candidates = dim_zero_cat(self.queries), dim_zero_cat(self.candidates)
        forth, back = ranks(queries, candidates, self.chunk), ranks(candidates, queries, self.chunk)
        return self._summary(forth, "") | self._summary(back, "reverse_")

    def _summary(self, places: Tensor, prefix: str) -> dict[str, Tensor]:
        recalls = {f"{prefix}recall_at_{k}": (places <= k).float().mean() for k in self.at}
        return recalls | {f"{prefix}median_rank": places.float().quantile(0.5)}


def ranks(queries: Tensor, candidates: Tensor, chunk: int = 256) -> Tensor:
    """Rank, from 1, of candidate i for query i: the candidates that do not score below it. [N, D], [N, D] -> [N]"""
    rows = []
    for start in range(0, len(queries), chunk):
        with torch.autocast(queries.device.type, enabled=False):
            scores = queries[start : start + chunk] @ candidates.T  # [chunk, N]
        own = scores.diagonal(start).unsqueeze(1)  # from the same block: computed apart, it differs in the last bits
        rows.append(len(candidates) - (scores < own).sum(1))
    return torch.cat(rows)
