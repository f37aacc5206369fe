"""Measure how well right pairs are separated from wrong ones, over a whole split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from mmexp.contract import Tokens
from mmexp.metric.auroc import area

PairScorer = Callable[[Mapping[str, Tokens]], Tensor]
"""Scores pairs, above 0 for one that belongs together: tokens by modality [B, N, D] -> [B]."""


class MatchingScores(Metric):
    """Accuracy and AUROC over the pair of each sample and one wrong pair, its query with the candidates of another.

    The other is the next sample in the order of the keys, so that the pairs depend on the split alone: not on the
    order of samples, on batches or on the number of processes. Real tokens are kept until all samples are known.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2: matching as a decision
    between two classes.

    Args:
        query: Modalities of one side.
        candidates: Modalities of the other, which are exchanged.
        chunk: Wrong pairs scored at once.
    """

    full_state_update = False
    higher_is_better = True
    scorer: PairScorer
    keys: list[Tensor]
    scores: list[Tensor]

    def __init__(self, *, query: Sequence[str], candidates: Sequence[str], chunk: int = 64) -> None:
        super().__init__()
        self.query, self.candidates, self.chunk = tuple(query), tuple(candidates), chunk
        sides = [f"{part}_{name}" for name in (*query, *candidates) for part in ("features", "lengths")]
        for state in ("keys", "scores", *sides):
            self.add_state(state, [], dist_reduce_fx="cat")

    def update(self, keys: Tensor, scores: Tensor, tokens: Mapping[str, Tokens], scorer: PairScorer) -> None:
        """Add one batch.

        Args:
            keys: A number for each sample that no other has. [B]
            scores: Of their own pairs. [B]
            tokens: By modality.
            scorer: What computed the scores; it is called again for the wrong pairs.
        """
        self.scorer = scorer
        self.keys.append(keys)
        self.scores.append(scores.detach().float())
        for name in (*self.query, *self.candidates):
            own = tokens[name]
            getattr(self, f"features_{name}").append(own.features[own.mask].detach())
            getattr(self, f"lengths_{name}").append(own.mask.sum(1))

    @torch.no_grad()
    def compute(self) -> dict[str, Tensor]:
        """``accuracy`` and ``auroc`` in [0, 1]; of one sample alone, auroc is NaN."""
        keys, own = dim_zero_cat(self.keys), dim_zero_cat(self.scores)
        order, partner = keys.argsort(), torch.empty_like(keys)
        partner[order] = order.roll(-1)
        indices = torch.arange(len(keys), device=keys.device) if len(keys) > 1 else partner[:0]
        parts = torch.split(indices, self.chunk)
        wrong = [self.scorer(self._pairs(rows, partner[rows])) for rows in parts if len(rows)]
        scores = torch.cat([own, *(one.float() for one in wrong)])
        belong = torch.arange(len(scores), device=scores.device) < len(own)
        right = (scores > 0) == belong
        return {"accuracy": right.float().mean(), "auroc": area(scores.unsqueeze(1), belong.unsqueeze(1))}

    def _pairs(self, rows: Tensor, others: Tensor) -> dict[str, Tokens]:
        """The query of some samples with the candidates of others."""
        sides = {**dict.fromkeys(self.query, rows), **dict.fromkeys(self.candidates, others)}
        return {name: self._tokens(name, chosen) for name, chosen in sides.items()}

    def _tokens(self, name: str, rows: Tensor) -> Tokens:
        """What was kept of some samples. [R] -> [R, N, D]"""
        features = dim_zero_cat(getattr(self, f"features_{name}")).float()  # [T, D]
        lengths = dim_zero_cat(getattr(self, f"lengths_{name}"))  # [B]
        starts, most = lengths.cumsum(0) - lengths, max(1, int(lengths[rows].max()))
        steps = torch.arange(most, device=rows.device)
        mask = steps < lengths[rows].unsqueeze(1)  # [R, N]
        indices = (starts[rows].unsqueeze(1) + steps).masked_fill(~mask, len(features))
        blank = features.new_zeros(1, features.shape[1])
        return Tokens(torch.cat([features, blank])[indices], mask)
