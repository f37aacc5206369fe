"""Retrieve the candidate that belongs to a query."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.loss.contrastive import OBJECTIVES, Pairs
from mmexp.metric.retrieval import RetrievalRanks
from mmexp.plot.neighbours import Found, neighbours
from mmexp.pool.base import Pool
from mmexp.task.base import Explained, Task
from mmexp.transform.base import Transform
from mmexp.transform.key import KeyTransform, key

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Retrieval(Task):
    """Embed both sides of a pair so that partners lie close: ``score = <embed(query), embed(candidate)>``.

    A side is any number of modalities, fused jointly. Metrics, over the whole split: ``recall_at_1``, ``_5``, ``_10``
    and ``median_rank`` of the candidates for a query, and with ``reverse_`` of the queries for a candidate, see
    ``RetrievalRanks``. Rows of one file are one item: of an image in five rows with a caption each, any of the five is
    right, and the image is one candidate. Of several captions in one row, evaluation takes the first. With a group all
    candidates of the query's group are right, and ``map`` and ``reverse_map``, the mean average precision, are measured
    too; each is still trained its own partner alone. A pair that lacks a side is not learned from, and ranks last.
    ``val/loss`` contrasts the pairs of a batch, as in training: it is comparable at one batch size only.

    Source: Radford et al. 2021, "CLIP", https://arxiv.org/abs/2103.00020, section 2.3.

    Args:
        query: Modalities of one side.
        candidates: Modalities of the other.
        pool: How tokens become a vector; each side gets its own copy.
        dim: Width D of the tokens and of the embeddings.
        objective: ``infonce`` (CLIP) or ``sigmoid`` (SigLIP). In training the pairs of all processes count.
        group: Target whose equal values make candidates right for one another, such as label; None for none.

    Raises:
        ValueError: If a side is empty, the sides share a modality, or the objective is unknown.
    """

    monitor = "recall_at_1"
    mode = "max"
    paired = True
    contrasts = True

    def __init__(
        self,
        *,
        query: Sequence[str],
        candidates: Sequence[str],
        pool: Pool,
        dim: int,
        objective: Literal["infonce", "sigmoid"] = "infonce",
        group: str | None = None,
    ) -> None:
        super().__init__()
        if not query or not candidates or set(query) & set(candidates):
            raise ValueError(
                "Retrieval: query and candidates must each name modalities, and none in common, "
                f"got {list(query)} and {list(candidates)}."
            )
        if objective not in OBJECTIVES:
            raise ValueError(f"Retrieval: objective must be {' or '.join(OBJECTIVES)}, got {objective!r}.")
        self.inputs = (*query, *candidates)
        self.group, self.targets = group, () if group is None else (group,)
        self.measured: tuple[RetrievalRanks, ...] = ()
        self.query, self.candidates = Side(query, pool, dim), Side(candidates, copy.deepcopy(pool), dim)
        self.objective, scale, bias = OBJECTIVES[objective]
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = nn.Parameter(torch.tensor(bias), requires_grad=objective == "sigmoid")

    def transforms(self) -> Mapping[str, Transform]:
        return {name: KeyTransform() for name in self.targets}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        return {"query": self.query(tokens, fusion, batch), "candidates": self.candidates(tokens, fusion, batch)}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        with torch.autocast(outputs["query"].device.type, enabled=False):
            pairs = Pairs.of(outputs["query"], outputs["candidates"], everywhere=self.training)
            scale = self.log_scale.clamp(max=math.log(100)).exp()
            return {"contrastive": self.objective(pairs, scale, self.bias)}

    def metrics(self) -> MetricCollection:
        ranks = RetrievalRanks()
        self.measured = (ranks,)  # in a tuple, so that it is no part of the model
        return MetricCollection({"ranks": ranks})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        rows = list(zip(batch.ids, batch.files or [{}] * len(batch), strict=True))
        sides = [[side.key(*row) for row in rows] for side in (self.query, self.candidates)]
        keys = torch.tensor(sides, device=outputs["query"].device).T
        groups = batch.targets[self.group].values if self.group in batch.targets else None
        metrics["ranks"].update(outputs["query"], outputs["candidates"], keys, groups)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores = (outputs["query"] * outputs["candidates"]).sum(1).tolist()
        rows = [{"id": i, "score": score} for i, score in zip(batch.ids, scores, strict=True)]
        if not batch.files:
            return rows
        sides = {"query": self.query, "candidate": self.candidates}
        return [
            row | {name: side.key(row["id"], files) for name, side in sides.items()}
            for row, files in zip(rows, batch.files, strict=True)
        ]

    def explained(self, outputs: Outputs) -> Explained:
        """Explain the similarity of the two sides."""
        return Explained("similarity of the pair", lambda found: (found["query"] * found["candidates"]).sum(1))

    def completed(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Return the rows with the ``rank`` of the query and the ``reverse_rank`` of the candidate in the split."""
        positions = self.measured[0].positions if self.measured else {}
        sides = (("query", "rank", "", self.query), ("candidate", "reverse_rank", "reverse_", self.candidates))
        found = []
        for row in rows:
            keys = {new: (prefix, row.get(name, side.key(row["id"], {}))) for name, new, prefix, side in sides}
            own = {new: positions.get(prefix, {}).get(key) for new, (prefix, key) in keys.items()}
            found.append({**row, **{new: rank for new, rank in own.items() if rank is not None}})
        return found

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Some queries with the candidates nearest to them."""
        queries, candidates = (
            {side.key(sample.id, sample.files): sample for sample in reversed(samples)}
            for side in (self.query, self.candidates)
        )
        found = self.measured[0].nearest if self.measured else {}
        shown = {own: others for own, others in found.items() if own in queries and {*dict(others)} <= {*candidates}}
        if not shown:
            return {}
        others = [
            [self.found(queries[own], candidates[other], score) for other, score in nearest]
            for own, nearest in shown.items()
        ]
        return {"nearest": neighbours([_inputs(queries[own], self.query.modalities) for own in shown], others)}

    def found(self, query: Sample, other: Sample, score: float) -> Found:
        """What the candidates of another sample are to a query."""
        sides = (self.query, self.candidates)
        right = any(side.key(query.id, query.files) == side.key(other.id, other.files) for side in sides)
        if self.group is not None:
            right |= query.targets.get(self.group) == other.targets.get(self.group)
        return Found(_inputs(other, self.candidates.modalities), right, score)


class Side(nn.Module):
    """Fuse, pool and project some of the modalities to unit vectors, zero where all are missing.

    A placeholder of a missing modality is fused, and makes no side of its own.

    Args:
        modalities: Their names.
        pool: How tokens become a vector.
        dim: Width D of tokens and embeddings.
    """

    def __init__(self, modalities: Sequence[str], pool: Pool, dim: int) -> None:
        super().__init__()
        self.modalities, self.pool = tuple(modalities), pool
        self.project = nn.Linear(dim, dim, bias=False)

    def key(self, name: str, files: Mapping[str, str]) -> int:
        """Return a number for what a sample shows on this side, the same for samples of the same files.

        Args:
            name: Id of the sample.
            files: Hash of each of its files, by modality.
        """
        return key([files[one] for one in self.modalities] if {*self.modalities} <= {*files} else name)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Tensor:
        chosen = {name: tokens[name] for name in self.modalities}
        present = torch.stack([own.present & batch.inputs[name].present for name, own in chosen.items()]).any(0)  # [B]
        embeddings = F.normalize(self.project(self.pool(fusion(chosen))).float(), dim=-1)  # [B, D]
        return embeddings * present.unsqueeze(1)


def _inputs(sample: Sample, modalities: Sequence[str]) -> list[Any]:
    return [sample.inputs[name] for name in modalities if name in sample.inputs]
