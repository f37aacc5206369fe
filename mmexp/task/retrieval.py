"""Find the candidate that belongs to a query."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Tokens
from mmexp.fusion.base import Fusion
from mmexp.metric.retrieval import RetrievalRanks
from mmexp.pool.base import Pool
from mmexp.task.base import Outputs, Task
from mmexp.task.contrastive import OBJECTIVES, Pairs
from mmexp.transform.base import Transform


class Retrieval(Task):
    """Embed both sides of a pair so that partners lie close: ``score = <embed(query), embed(candidate)>``.

    A side is any number of modalities, fused jointly. Metrics, over the whole split: ``recall_at_1``, ``_5``, ``_10``
    and ``median_rank`` of the candidates for a query, and with ``reverse_`` of the queries for a candidate. One
    candidate is right per query: of several captions, evaluation takes the first. A pair that lacks a side is not
    learned from, and ranks last.

    Source: Radford et al. 2021, "CLIP", https://arxiv.org/abs/2103.00020, section 2.3.

    Args:
        query: Modalities of one side.
        candidates: Modalities of the other.
        pool: How tokens become a vector; each side gets its own copy.
        dim: Width D of the tokens and of the embeddings.
        objective: ``infonce`` (CLIP) or ``sigmoid`` (SigLIP). In training the pairs of all processes count.

    Raises:
        ValueError: If a side is empty, the sides share a modality, or the objective is unknown.
    """

    targets = ()
    monitor = "recall_at_1"
    mode = "max"

    def __init__(
        self,
        *,
        query: Sequence[str],
        candidates: Sequence[str],
        pool: Pool,
        dim: int,
        objective: Literal["infonce", "sigmoid"] = "infonce",
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
        self.query, self.candidates = Side(query, pool, dim), Side(candidates, copy.deepcopy(pool), dim)
        self.objective, scale, bias = OBJECTIVES[objective]
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = nn.Parameter(torch.tensor(bias), requires_grad=objective == "sigmoid")

    def transforms(self) -> Mapping[str, Transform]:
        return {}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        return {"query": self.query(tokens, fusion), "candidates": self.candidates(tokens, fusion)}

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        with torch.autocast(outputs["query"].device.type, enabled=False):
            pairs = Pairs.of(outputs["query"], outputs["candidates"], everywhere=self.training)
            scale = self.log_scale.clamp(max=math.log(100)).exp()
            return {"contrastive": self.objective(pairs, scale, self.bias)}

    def metrics(self) -> MetricCollection:
        return MetricCollection({"ranks": RetrievalRanks()})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        metrics["ranks"].update(outputs["query"], outputs["candidates"])

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        scores = (outputs["query"] * outputs["candidates"]).sum(1).tolist()
        return [{"id": i, "score": score} for i, score in zip(batch.ids, scores, strict=True)]


class Side(nn.Module):
    """Fuse, pool and project some of the modalities to unit vectors, zero where all are missing.

    Args:
        modalities: Their names.
        pool: How tokens become a vector.
        dim: Width D of tokens and embeddings.
    """

    def __init__(self, modalities: Sequence[str], pool: Pool, dim: int) -> None:
        super().__init__()
        self.modalities, self.pool = tuple(modalities), pool
        self.project = nn.Linear(dim, dim, bias=False)

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion) -> Tensor:
        chosen = {name: tokens[name] for name in self.modalities}
        present = torch.stack([own.present for own in chosen.values()]).any(0)  # [B]
        embeddings = F.normalize(self.project(self.pool(fusion(chosen))).float(), dim=-1)  # [B, D]
        return embeddings * present.unsqueeze(1)
