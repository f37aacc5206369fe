"""Retrieval between two modalities of the same samples."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.metric.retrieval import RetrievalRanks


class PairRanks(RetrievalRanks):
    """Recall at k and median rank from one modality to another and back: ``image_to_audio_recall_at_1`` ...

    A sample that lacks either is left out. Ranks are those of ``RetrievalRanks``, where those who share a key are one.

    Args:
        one: A modality.
        other: Another.

    Example:
        >>> import torch
        >>> from mmexp.metric.pair_ranks import PairRanks
        >>> metric = PairRanks("image", "audio")
        >>> metric.update(torch.eye(3), torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]]), torch.arange(6).view(3, 2))
        >>> found = metric.compute()
        >>> found["image_to_audio_recall_at_1"], found["audio_to_image_median_rank"]
        (tensor(1.), tensor(1.))
    """

    def __init__(self, one: str, other: str) -> None:
        super().__init__()
        self.prefixes = {"": f"{one}_to_{other}_", "reverse_": f"{other}_to_{one}_"}
        self.lower_is_better = tuple(f"{prefix}median_rank" for prefix in self.prefixes.values())  # type: ignore[assignment]

    def update(
        self, queries: Tensor, candidates: Tensor, keys: Tensor | None = None, groups: Tensor | None = None
    ) -> None:
        """Add one batch of pairs, see ``RetrievalRanks``; a side that is missing is zero."""
        real = queries.any(1) & candidates.any(1)
        own = [None if part is None else part[real] for part in (keys, groups)]
        super().update(queries[real], candidates[real], *own)

    def compute(self) -> dict[str, Tensor]:
        """As ``RetrievalRanks``, with names that say from what to what; NaN if no sample has both."""
        names = [*(f"recall_at_{k}" for k in self.at), "median_rank"]
        if not sum(len(part) for part in self.queries):
            lacking = torch.tensor(torch.nan, device=self.device)
            return {f"{prefix}{name}": lacking for prefix in self.prefixes.values() for name in names}
        found = super().compute()
        return {f"{new}{name}": found[f"{old}{name}"] for old, new in self.prefixes.items() for name in names}
