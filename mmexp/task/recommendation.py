"""Recommend the next item."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.loss.mean import mean
from mmexp.metric.recommendation import RecommendationScores, lists, ranks
from mmexp.plot.recommendations import by_popularity, recommendations
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.transform.base import Transform
from mmexp.transform.catalogue import Catalogue
from mmexp.transform.label import UNSEEN, Labels, LabelTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HISTORY = "items"
SHOWN = 6  # histories shown


class Recommendation(Task):
    """Score every item for a user: ``score = <norm(pool(fusion(tokens))), embedding + W content> + bias``.

    It is trained by a softmax over all items, the bias starts from how often each occurs, and all items are ranked.
    Metrics: see ``RecommendationScores``; ``popularity_ndcg_at_10`` is the baseline. An item that is not in the
    catalogue is left out of the loss, and is never found. The order of a history is known by the positions that its
    encoder adds.

    Source: Kang and McAuley 2018, "Self-Attentive Sequential Recommendation", https://arxiv.org/abs/1808.09781, eq. 6;
    the softmax: Klenitskiy and Vasilev 2023, "Turning Dross Into Gold Loss", https://arxiv.org/abs/2309.07602; content:
    He and McAuley 2016, "VBPR", https://arxiv.org/abs/1510.01784, eq. 4. Differs: items of the history and candidates
    have embeddings of their own.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens and of the embeddings.
        catalogue: JSON-lines file of all I items, see ``Catalogue``.
        symbols: Items as the input ``items`` numbers them, from 1.
        content: Parts of an item's content that speak for it; None for all there are, empty for its name alone.
        repeats: Whether an item of the input ``items``, as far back as its encoder reads, may be recommended again.
        dropout: Probability of dropping a feature of what the user is like.
    """

    targets = ("item",)
    reads = (HISTORY,)
    monitor = "ndcg_at_10"
    mode = "max"
    content: Tensor
    counts: Tensor
    numbers: Tensor

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        catalogue: str,
        symbols: Sequence[str] = (),
        content: Sequence[str] | None = None,
        repeats: bool = False,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        known = Catalogue.read(catalogue)
        self.items, self.repeats = known.items, repeats
        self.pool, self.norm, self.dropout = pool, nn.LayerNorm(dim), nn.Dropout(dropout)
        self.symbols = len(symbols)
        numbers = {symbol: number for number, symbol in enumerate(symbols, 1)}
        self.register_buffer("numbers", torch.tensor([numbers.get(i, 0) for i in self.items]), persistent=False)  # [I]
        self.register_buffer("counts", known.counts.float(), persistent=False)  # [I]
        features = known.content(content)  # [I, F]
        self.register_buffer("content", features / max(1, features.shape[1]) ** 0.5, persistent=False)
        self.embedding = nn.Parameter(torch.randn(len(self.items), dim) * 0.02)
        self.project = nn.Parameter(torch.randn(features.shape[1], dim) * 0.02)
        self.bias = nn.Parameter(torch.log1p(self.counts))

    def transforms(self) -> Mapping[str, Transform]:
        return {"item": LabelTransform(classes=self.items)}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        state = self.dropout(self.norm(self.pool(fusion(tokens))))  # [B, D]
        with torch.autocast(state.device.type, enabled=False):  # in half precision many would score the same
            logits = state.float() @ self.candidates().T + self.bias  # [B, I]
        seen_items = self.seen_items(batch, logits.shape[0])
        return {
            "logits": logits,
            "scores": logits.masked_fill(seen_items, -torch.inf),
            "popularity": self.counts.masked_fill(seen_items, -torch.inf),
        }

    def candidates(self) -> Tensor:
        """Embed each item by its name and its content. [I, D]"""
        return self.embedding + self.content @ self.project

    def seen_items(self, batch: Batch, rows: int) -> Tensor:
        """Return which items are not recommended to B samples, as the history holds them. bool [B, I]"""
        history = batch.inputs.get(HISTORY)
        if self.repeats or history is None:
            return self.numbers.new_zeros(rows, len(self.items), dtype=torch.bool)
        known = history.mask & (history.values <= self.symbols)
        numbers = history.values.masked_fill(~known, 0)  # [B, L]
        found = numbers.new_zeros(rows, self.symbols + 1, dtype=torch.bool).scatter_(1, numbers, True)
        found[:, 0] = False
        return found[:, self.numbers]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits: Tensor = outputs["logits"]
        if "item" not in batch.targets:
            return {"item": mean(logits.sum() * 0, 0, len(batch), everywhere=self.training)}
        target = batch.targets["item"].values.values  # [B]
        total = F.cross_entropy(logits, target, ignore_index=UNSEEN, reduction="sum")
        return {"item": mean(total, (target != UNSEEN).sum(), len(batch), everywhere=self.training)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"scores": RecommendationScores(items=len(self.items))})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "item" in batch.targets:
            target: Padded = batch.targets["item"].values
            rows = (outputs[name][target.mask] for name in ("scores", "popularity"))
            metrics["scores"].update(*rows, target.values[target.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores, chosen = outputs["scores"], lists(outputs["scores"])  # [B, I], [B, 10]
        probabilities = scores.softmax(1).nan_to_num().amax(1).tolist()
        features = (
            zip(*row, strict=True) for row in zip(chosen.tolist(), scores.gather(1, chosen).tolist(), strict=True)
        )
        rows = [
            {"id": i, "items": [self.items[index] for index, score in row if score > -math.inf], "score": probability}
            for i, row, probability in zip(batch.ids, features, probabilities, strict=True)
        ]
        if "item" not in batch.targets:
            return rows
        labels: Labels = batch.targets["item"]
        found = (ranks(outputs[name], labels.values.values).tolist() for name in ("scores", "popularity"))
        return [
            row | {"target": raw, "rank": _plain(rank), "popularity_rank": _plain(popular)}
            for row, raw, rank, popular in zip(rows, labels.raw, *found, strict=True)
        ]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw some histories with their recommendations, and the recall of rare and common items."""
        ranked = [(row, sample) for row, sample in zip(rows, samples, strict=False) if row.get("rank") is not None]
        if not ranked:
            return {}
        shown = ranked[:: max(1, len(ranked) // SHOWN)][:SHOWN]
        counts = dict(zip(self.items, self.counts.tolist(), strict=True))
        return {
            "lists": recommendations([row for row, _ in shown], [_history(sample) for _, sample in shown]),
            "popularity": by_popularity([row for row, _ in ranked], counts),
        }


def _history(sample: Sample) -> list[str]:
    items = sample.inputs.get(HISTORY, [])
    return [items] if isinstance(items, str) else list(items)


def _plain(rank: float) -> int | None:
    """Return a rank as JSON has it; None for none."""
    return int(rank) if math.isfinite(rank) else None
