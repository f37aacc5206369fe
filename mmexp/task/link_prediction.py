"""Complete a knowledge graph: to which entity does a relation lead?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.loss.mean import mean
from mmexp.metric.link import LinkRanks, filtered_ranks
from mmexp.plot.embeddings import embeddings
from mmexp.plot.ranks import ranks
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.transform.base import Transform
from mmexp.transform.known import Known, KnownTransform
from mmexp.transform.label import UNSEEN, LabelTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOP = 5  # predictions reported


class LinkPrediction(Task):
    """Score every entity as the tail of a query: ``score_e = <embed(e), query> + bias_e``, ``query`` being the fusion.

    A query is a head and a relation, with whatever else is known of the head, such as a text or an image. The fusion
    chooses the model: ``product`` scores as DistMult does, of normalized vectors, and ``sum`` ranks as TransE does
    under the squared distance (``-|q - e|^2`` ranks as ``<q, e> - |e|^2 / 2``, with a free bias for the last term).
    Every entity is scored at once and one is right, by cross entropy (1-N scoring). Metrics, filtered and with ties
    counted against the model, see ``LinkRanks``: ``mrr``, ``hits_at_1``, ``hits_at_3``, ``hits_at_10``. They are
    filtered if the dataset has the target ``query``, head and relation, whatever the inputs show of them.

    Source: Dettmers et al. 2018, "Convolutional 2D Knowledge Graph Embeddings", https://arxiv.org/abs/1707.01476,
    (1-N scoring, label smoothing); Lacroix et al. 2018, "Canonical Tensor Decomposition for Knowledge Base Completion",
    https://arxiv.org/abs/1806.07297 (reciprocal relations, cross entropy); Yang et al. 2015, DistMult,
    https://arxiv.org/abs/1412.6575; Bordes et al. 2013, TransE. Differs: an entity has one embedding as head, which its
    encoder owns, and another one as tail, which makes the product a canonical decomposition.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens and of the embeddings.
        entities: All that can be the tail, E of them.
        triples: JSON-lines file of all known [head, relation, tail], to filter by.
        label_smoothing: Share of each target that is spread over the entities.
        dropout: Probability of dropping a feature of the query.
        depth: Hidden layers after the fusion; 0 compares its output as it is.

    Raises:
        ValueError: If there are fewer than two entities.
    """

    targets = ("tail",)
    measured_with = ("triples",)
    monitor = "mrr"
    mode = "max"

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        entities: Sequence[str],
        triples: str,
        label_smoothing: float = 0.1,
        dropout: float = 0.1,
        depth: int = 0,
    ) -> None:
        super().__init__()
        if len(entities) < 2:
            raise ValueError(f"LinkPrediction: entities must be at least 2, got {list(entities)}.")
        self.entities, self.triples, self.label_smoothing = list(entities), triples, label_smoothing
        self.pool, self.dropout = pool, nn.Dropout(dropout)
        self.head = Head(dim=dim, width=dim, depth=depth, dropout=dropout) if depth else nn.Identity()
        self.embedding = nn.Parameter(torch.randn(len(entities), dim) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(len(entities)))

    def transforms(self) -> Mapping[str, Transform]:
        return {
            "tail": LabelTransform(classes=self.entities),
            "query": KnownTransform(triples=self.triples, entities=self.entities),
        }

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        query = self.dropout(self.head(self.pool(fusion(tokens))))  # [B, D]
        with torch.autocast(query.device.type, enabled=False):
            return {"logits": query.float() @ self.embedding.T + self.bias}  # [B, E]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits, tails = outputs["logits"], batch.targets.get("tail")
        if tails is None:
            return {"link": mean(logits.sum() * 0, 0, len(batch), everywhere=self.training)}
        targets = tails.values.values.masked_fill(~tails.values.mask, UNSEEN)  # [B]
        total = F.cross_entropy(
            logits, targets, label_smoothing=self.label_smoothing, ignore_index=UNSEEN, reduction="sum"
        )
        return {"link": mean(total, (targets != UNSEEN).sum(), len(batch), everywhere=self.training)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"ranks": LinkRanks()})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "tail" in batch.targets:
            metrics["ranks"].update(self.ranks(outputs, batch)[0][batch.targets["tail"].values.mask])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores = outputs["logits"].softmax(-1)
        best, indices = (found.tolist() for found in scores.topk(min(TOP, len(self.entities)), 1))
        rows: list[dict[str, Any]] = [
            {"id": i, "tail": self.entities[index[0]], "score": score[0], "scores": self._named(index, score)}
            for i, index, score in zip(batch.ids, indices, best, strict=True)
        ]
        if "query" in batch.targets:
            rows = [row | {"query": query} for row, query in zip(rows, batch.targets["query"].raw, strict=True)]
        if "tail" not in batch.targets:
            return rows
        ranks = (found.tolist() for found in self.ranks(outputs, batch))
        ranked = [
            {"target": raw} if raw is None else {"target": raw, "rank": rank, "among": among}
            for raw, rank, among in zip(batch.targets["tail"].raw, *ranks, strict=True)
        ]
        return [row | classification for row, classification in zip(rows, ranked, strict=True)]

    def ranks(self, outputs: Outputs, batch: Batch) -> tuple[Tensor, Tensor]:
        """Filtered rank of each target and among how many; of one that is not labelled they mean nothing. [B], [B]"""
        known: Known | None = batch.targets.get("query")
        return filtered_ranks(outputs["logits"], batch.targets["tail"].values.values, known.tails if known else None)

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw the ranks of the right entities, also by relation; and which entities have similar embeddings."""
        ranked = [row for row in rows if "rank" in row]
        if not ranked:
            return {}
        relations = [row["query"][1] if row.get("query") else "any" for row in ranked]
        kinds = kinds_of([row["target"] for row in ranked], relations)
        return {
            "ranks": ranks([row["rank"] for row in ranked], [row["among"] for row in ranked], relations),
            "entities": embeddings(self.embedding.detach().float().cpu().numpy(), self.entities, kinds),
        }

    def _named(self, indices: Sequence[int], scores: Sequence[float]) -> dict[str, float]:
        return {self.entities[index]: score for index, score in zip(indices, scores, strict=True)}


def kinds_of(tails: Sequence[str], relations: Sequence[str]) -> dict[str, str]:
    """Return a kind for each entity: the relation whose tail it most often is."""
    counts = Counter(zip(tails, relations, strict=True))
    return {tail: relation for (tail, relation), _ in sorted(counts.items(), key=lambda item: item[1])}
