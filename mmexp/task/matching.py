"""Classify whether two sides belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.metric.matching import MatchingScores
from mmexp.plot.gallery import gallery
from mmexp.plot.questions import question_text
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.transform.base import Transform
from mmexp.transform.key import key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6  # pairs shown that belong together the least, and the most


class Matching(Task):
    """Fuse both sides and classify whether they are of one sample: ``score = head(pool(fusion(query, candidates)))``.

    Every sample is a right pair; the wrong ones are made of it by exchanging either side for that of another sample.
    In training that is another one of the batch, the likelier the more its tokens resemble those it replaces;
    right and wrong pairs weigh the same. Metrics: ``accuracy`` and ``auroc``, see ``MatchingScores``, which makes one
    wrong pair for each sample of the split. A pair that lacks a side is not learned from.

    Source: Li et al. 2021, "Align before Fuse", https://arxiv.org/abs/2107.07651, section 3.2 and eq. 4. Differs: the
    likeness is between the sides that are exchanged, so that it needs no contrastive objective.

    Args:
        query: Modalities of one side.
        candidates: Modalities of the other.
        pool: How tokens become a vector.
        dim: Width D of the tokens.
        temperature: Of the softmax over cosine similarity, by which negatives are drawn; null draws them uniformly.
        dropout: Dropout probability of the hidden layer.
        depth: Hidden layers of the head; 0 for a linear one.

    Raises:
        ValueError: If a side is empty, the sides share a modality, or the temperature is not positive.
    """

    targets = ()
    paired = True
    contrasts = True
    monitor = "auroc"
    mode = "max"

    def __init__(
        self,
        *,
        query: Sequence[str],
        candidates: Sequence[str],
        pool: Pool,
        dim: int,
        temperature: float | None = 0.1,
        dropout: float = 0.1,
        depth: int = 1,
    ) -> None:
        super().__init__()
        if not query or not candidates or set(query) & set(candidates):
            raise ValueError(
                "Matching: query and candidates must each name modalities, and none in common, "
                f"got {list(query)} and {list(candidates)}."
            )
        if temperature is not None and not temperature > 0:
            raise ValueError(f"Matching: temperature must be positive or null, got {temperature}.")
        self.inputs = (*query, *candidates)
        self.query, self.candidates, self.temperature = tuple(query), tuple(candidates), temperature
        self.pool = pool
        self.head = Head(dim=dim, width=1, depth=depth, dropout=dropout)

    def transforms(self) -> Mapping[str, Transform]:
        return {}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        own = {name: tokens[name] for name in (*self.query, *self.candidates)}
        score_pairs = partial(self.score_pairs, fusion)
        return {"logits": score_pairs(own), "tokens": own, "score_pairs": score_pairs}

    def score_pairs(self, fusion: Fusion, tokens: Mapping[str, Tokens]) -> Tensor:
        """Score pairs. {m: [B, N_m, D]} -> [B], the log-odds of belonging together"""
        return self.head(self.pool(fusion(tokens))).squeeze(1).float()  # type: ignore[no-any-return]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits, tokens = outputs["logits"], outputs["tokens"]
        sides = (self.query, self.candidates)
        present = {name: own.present & batch.inputs[name].present for name, own in tokens.items()}  # no placeholder
        there = [torch.stack([present[name] for name in side]).any(0) for side in sides]
        rows = torch.logical_and(*there).nonzero().squeeze(1)  # [P]
        if len(rows) < 2:
            return {"match": logits.sum() * 0}
        whole = {name: _chosen(own, rows) for name, own in tokens.items()}
        wrong = torch.cat([outputs["score_pairs"](self.exchange(whole, side)) for side in sides])  # [2P]
        return {"match": (F.softplus(-logits[rows]).mean() + F.softplus(wrong).mean()) / 2}

    def exchange(self, tokens: Mapping[str, Tokens], side: Sequence[str]) -> dict[str, Tokens]:
        """Give each row one side of another row: one that resembles its own while training, else the row before."""
        others = torch.arange(tokens[side[0]].mask.shape[0], device=tokens[side[0]].mask.device).roll(1)
        if self.training:
            vectors = torch.cat([tokens[name].pool() for name in side], 1).detach().float()  # [B, sum of D]
            likeness = F.normalize(vectors - vectors.mean(0), dim=1)
            likeness = (likeness @ likeness.T).float().nan_to_num() / (self.temperature or torch.inf)
            weights = likeness.fill_diagonal_(-torch.inf).softmax(1)
            others = torch.multinomial(weights, 1).squeeze(1)
        return {**tokens, **{name: _chosen(tokens[name], others) for name in side}}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"match": MatchingScores(query=self.query, candidates=self.candidates)})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        logits: Tensor = outputs["logits"]
        keys = torch.tensor(list(map(key, batch.ids)), device=logits.device)
        metrics["match"].update(keys, logits, outputs["tokens"], outputs["score_pairs"])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores = outputs["logits"].sigmoid().tolist()
        return [{"id": i, "match": score > 0.5, "score": score} for i, score in zip(batch.ids, scores, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """The images that seem to fit their text the least, where a wrong text would show, and the most."""
        pairs = [(row["score"], sample) for row, sample in zip(rows, samples, strict=True) if "image" in sample.inputs]
        pairs.sort(key=lambda pair: pair[0])
        shown = pairs if len(pairs) <= 2 * SHOWN else [*pairs[:SHOWN], *pairs[-SHOWN:]]
        titles = [f"{score:.3f} {question_text(sample)}" for score, sample in shown]
        return {"pairs": gallery([sample.inputs["image"] for _, sample in shown], titles)} if shown else {}


def _chosen(tokens: Tokens, rows: Tensor) -> Tokens:
    return Tokens(tokens.features[rows], tokens.mask[rows])
