"""Detect anomalies, trained on normal samples alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchmetrics import MetricCollection

from mmexp.contract import Batch, Outputs, Padded, Sample, Tokens, Waveform
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.layer.running_gaussian import RunningGaussian
from mmexp.loss.contrastive import OBJECTIVES, Pairs
from mmexp.metric.anomaly import AnomalyScores
from mmexp.plot.anomaly import histogram, roc
from mmexp.plot.gallery import gallery
from mmexp.plot.spectrogram import spectrograms
from mmexp.pool.base import Pool
from mmexp.task.base import Task
from mmexp.transform.number import NumberTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = ("distance", "prediction_error")
MONITORS = ("auroc", "ap", "loss")
WARM = 20  # batches before distances mean anything
SHOWN = 8  # samples shown, the highest scores

Hidden = tuple[Tokens, dict[str, Tokens]]


class AnomalyDetection(Task):
    """Score how anomalous a sample is: ``max(distance, error)``, each in standard deviations of the normal.

    ``distance`` is that of the fused vector from a Gaussian of the training samples (Mahalanobis), ``error`` how badly
    each modality is predicted by the fusion of the others: ``1 - cos(predict(fusion(others)), project(modality))``, the
    mean over modalities. One modality alone has every second token predicted by those between. That is also what is
    learnt: to discriminate the masked part from those of other samples of the batch, which no constant can. Samples
    whose target is 1 are left out of the loss, also as negatives.

    Metrics: ``auroc``, ``ap`` and ``false_alarms_per_hour``, see ``AnomalyScores``. They are NaN without anomalies; if
    val has none, choose the checkpoint by how well the normal is predicted: monitor=loss.

    Source: Mahalanobis distance of features: Lee et al. 2018, "A Simple Unified Framework for Detecting
    Out-of-Distribution Samples", https://arxiv.org/abs/1807.03888, section 2.1, with one class; predicting a part: van
    den Oord et al. 2018, "Contrastive Predictive Coding", https://arxiv.org/abs/1807.03748, eq. 4. Differs: both
    directions, and the covariance follows the training.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens.
        threshold: Score above which a sample is predicted to be an anomaly, in standard deviations.
        recall: Share of the anomalies to be found when false alarms are counted, in (0, 1].
        window: Length of a sample, in s, by which false alarms per hour are counted.
        monitor: Metric by which the best checkpoint is chosen: auroc, ap or loss.

    Raises:
        ValueError: If recall, window or monitor is out of its range.
    """

    targets = ("anomaly",)
    contrasts = True

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        threshold: float = 3.0,
        recall: float = 0.9,
        window: float = 1.0,
        monitor: Literal["auroc", "ap", "loss"] = "auroc",
    ) -> None:
        super().__init__()
        if monitor not in MONITORS:
            raise ValueError(f"AnomalyDetection: monitor must be {', '.join(MONITORS)}, got {monitor!r}.")
        AnomalyScores(recall=recall, window=window)
        self.threshold, self.recall, self.window = threshold, recall, window
        self.monitor = monitor
        self.mode = "min" if monitor == "loss" else "max"
        self.pool = pool
        self.predict, self.project = (Head(dim=dim, width=dim, depth=1, dropout=0.0) for _ in range(2))
        self.objective, scale, _ = OBJECTIVES["infonce"]
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.encoded: tuple[str, ...] = ()
        self.normal = RunningGaussian(dim)
        self.usual = nn.ModuleDict({part: RunningGaussian(1) for part in PARTS})

    def transforms(self) -> Mapping[str, NumberTransform]:
        return {"anomaly": NumberTransform(name="anomaly")}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        self.encoded = tuple(tokens)
        pairs = [self.predict_part(fusion, *one) for one in hidden(tokens)]
        queries, keys = torch.stack([q for q, _ in pairs]), torch.stack([k for _, k in pairs])  # [P, B, D]
        known = queries.any(2) & keys.any(2)  # [P, B]
        error = ((1 - (queries * keys).sum(2)) * known).sum(0) / known.sum(0).clamp(min=1)  # [B]
        fused = self.pool(fusion(tokens)).float()  # [B, D]
        with torch.autocast(fused.device.type, enabled=False):
            raw = torch.stack([self.normal.distance(fused), error.detach()], 1)  # [B, 2]
        there = torch.stack([own.present for own in tokens.values()]).any(0)
        defined = torch.stack([there, known.any(0)], 1)
        parts = torch.cat([self._usual(part).standardise(raw[:, i : i + 1]) for i, part in enumerate(PARTS)], 1)
        scores = parts.masked_fill(~defined, -torch.inf).amax(1).masked_fill(~defined.any(1), 0)
        found = {"queries": queries, "keys": keys, "fused": fused, "raw": raw}
        return {**found, "defined": defined, "parts": parts, "scores": scores}

    def predict_part(self, fusion: Fusion, part: Tokens, rest: Mapping[str, Tokens]) -> tuple[Tensor, Tensor]:
        """Predict a part from the rest; return both as unit vectors, zero where there is none. [B, D], [B, D]"""
        query = F.normalize(self.predict(self.pool(fusion(rest))).float(), dim=1)
        key = F.normalize(self.project(self.pool(part)).float(), dim=1)
        there = torch.stack([own.present for own in rest.values()]).any(0)
        return query * there.unsqueeze(1), key * part.present.unsqueeze(1)

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        fine = torch.ones(len(batch), dtype=torch.bool, device=outputs["fused"].device)
        if "anomaly" in batch.targets:
            target: Padded = batch.targets["anomaly"]
            fine = ~(target.mask & (target.values > 0.5))
        with torch.autocast(fine.device.type, enabled=False):
            if self.training:
                self.learn(outputs, fine)
            scale = self.log_scale.clamp(max=math.log(100)).exp()
            rows = zip(outputs["queries"] * fine[:, None], outputs["keys"] * fine[:, None], strict=True)
            pairs = [Pairs.of(query, key, everywhere=self.training) for query, key in rows]
            terms = [self.objective(one, scale, torch.zeros_like(scale)) for one in pairs]
        return {"predict": torch.stack(terms).mean()}

    @torch.no_grad()
    def learn(self, outputs: Outputs, fine: Tensor) -> None:
        """Follow what is usual of rows that are fine; distances once the Gaussian is more than its start. bool [B]"""
        self.normal.update(outputs["fused"][fine & outputs["defined"][:, 0]])
        for i, part in enumerate(PARTS):
            if part != "distance" or self.normal.count > WARM:
                self._usual(part).update(outputs["raw"][fine & outputs["defined"][:, i], i : i + 1])

    def _usual(self, part: str) -> RunningGaussian:
        return cast(RunningGaussian, self.usual[part])

    def metrics(self) -> MetricCollection:
        return MetricCollection({"scores": AnomalyScores(recall=self.recall, window=self.window)})

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if "anomaly" in batch.targets:
            target: Padded = batch.targets["anomaly"]
            metrics["scores"].update(outputs["scores"][target.mask], target.values[target.mask] > 0.5)

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        columns = (outputs[name].tolist() for name in ("scores", "parts", "defined"))
        rows: list[dict[str, Any]] = [
            {"id": i, "score": score, "anomaly": score > self.threshold, **_named(parts, defined)}
            for i, score, parts, defined in zip(batch.ids, *columns, strict=True)
        ]
        if "anomaly" not in batch.targets:
            return rows
        target: Padded = batch.targets["anomaly"]
        known = zip(rows, target.values.tolist(), target.mask.tolist(), strict=True)
        return [row | {"target": value > 0.5 if there else None} for row, value, there in known]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Draw the scores of normal samples and of anomalies, the ROC curve, and the samples of the highest scores."""
        known = [row for row in rows if row.get("target") is not None]
        scores, targets = [row["score"] for row in known], [row["target"] for row in known]
        figures: dict[str, Figure] = {}
        if known:
            figures["scores"] = histogram(scores, targets, self.threshold)
        if any(targets) and not all(targets):
            figures["roc"] = roc(scores, targets, self.threshold)
        most = sorted(range(len(rows)), key=lambda i: -rows[i]["score"])[:SHOWN]
        shown = [(_title(rows[i], samples[i]), samples[i].inputs.get(name)) for i in most for name in self.encoded]
        if images := [(title, value) for title, value in shown if isinstance(value, np.ndarray) and value.ndim == 3]:
            figures["images"] = gallery([value for _, value in images], [title for title, _ in images])
        if audio := [(title, value) for title, value in shown if isinstance(value, Waveform)]:
            titles = [title for title, _ in audio]
            figures["audio"] = spectrograms([value for _, value in audio], [()] * len(audio), titles)
        return figures


def hidden(tokens: Mapping[str, Tokens]) -> list[Hidden]:
    """What is predicted and by what: each modality by the others; of one alone, every second token by the rest."""
    if len(tokens) > 1:
        return [(own, {other: tokens[other] for other in tokens if other != name}) for name, own in tokens.items()]
    ((name, own),) = tokens.items()
    even = torch.arange(own.mask.shape[1], device=own.mask.device) % 2 == 0
    one, other = (Tokens(own.features, own.mask & side) for side in (even, ~even))
    return [(one, {name: other}), (other, {name: one})]


def _named(parts: Sequence[float], defined: Sequence[bool]) -> dict[str, float | None]:
    return {name: value if known else None for name, value, known in zip(PARTS, parts, defined, strict=True)}


def _title(row: Mapping[str, Any], sample: Sample) -> str:
    """Return ``4.2 anomaly``, or the kind of anomaly where the data names it."""
    target = row.get("target")
    kind = sample.targets.get("incident", "anomaly") if target else "normal" if target is not None else ""
    return f"{row['score']:.1f} {kind}"
