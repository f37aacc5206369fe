"""Classify: choose among the classes of the training split."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryCalibrationError,
    MulticlassAccuracy,
    MulticlassF1Score,
    MultilabelExactMatch,
    MultilabelF1Score,
)

from mmexp.contract import Batch, Outputs, Sample, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.mlp import Head
from mmexp.loss.base import ClassLoss
from mmexp.loss.cross_entropy import CrossEntropyLoss
from mmexp.loss.mean import mean
from mmexp.metric.auroc import Auroc
from mmexp.metric.f1 import BinaryF1, MultilabelMacroF1
from mmexp.plot.classification import confusion, reliability
from mmexp.plot.report import report
from mmexp.pool.base import Pool
from mmexp.task.base import Explained, Task
from mmexp.transform.base import Transform
from mmexp.transform.label import UNSEEN, Labels, LabelTransform
from mmexp.transform.spelling import spelling

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 5


class Classification(Task):
    """Pool what the fusion gives, then score each class.

    Metrics: ``accuracy`` (multilabel: all labels of a sample right), ``f1`` (binary: of the second class, else the mean
    over classes), ``f1_macro`` (the mean over classes), ``f1_micro`` (over all predictions; of one label it is the
    accuracy), ``auroc`` (the mean over classes; NaN where undefined), ``ece`` (how far the score of a prediction is
    from the chance that it is right, over 15 bins). A label that training never had cannot be learned from, and counts
    as a wrong answer.

    Source: the late head of Baltrusaitis et al. 2019, "Multimodal Machine Learning", https://arxiv.org/abs/1705.09406,
    section 5; ``ece``: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599,
    eq. 3.

    Args:
        pool: How tokens become a vector.
        dim: Width D of the tokens.
        classes: The training split's values, C of them.
        target: Name of the target.
        form: One of two classes, one of many, or any number of many.
        label_smoothing: Share of each target that is spread over the classes (multilabel: drawn towards 1/2).
        dropout: Dropout probability of the hidden layer.
        depth: Hidden layers of the head; 0 scores the pooled features as they are, linearly.
        listed: Classes up to which a prediction lists the scores of all; of more it lists the best 5.
        loss: What the scores of the classes cost; cross entropy if None.

    Raises:
        ValueError: If form is unknown, or there are too few classes for it.
    """

    mode = "max"
    read: Callable[[Any], str] = staticmethod(spelling)

    def __init__(
        self,
        *,
        pool: Pool,
        dim: int,
        classes: Sequence[Any],
        target: str,
        form: Literal["binary", "multiclass", "multilabel"] = "multiclass",
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
        depth: int = 1,
        listed: int = 20,
        loss: ClassLoss | None = None,
    ) -> None:
        super().__init__()
        if form not in ("binary", "multiclass", "multilabel"):
            raise ValueError(f"Classification: form must be binary, multiclass or multilabel, got {form!r}.")
        if form == "binary" and len(classes) != 2:
            raise ValueError(f"Classification: classes must be 2 if form is binary, got {len(classes)}.")
        if len(classes) < 2:
            raise ValueError(f"Classification: classes must be at least 2, got {list(classes)}.")
        self.classes, self.target, self.form, self.label_smoothing = list(classes), target, form, label_smoothing
        self.targets, self.listed = (target,), listed
        self.monitor = "f1" if form == "multilabel" else "accuracy"
        self.pool = pool
        self.head = Head(dim=dim, width=len(classes), depth=depth, dropout=dropout)
        self.loss = loss or CrossEntropyLoss()
        self.loss.set_classes(self.classes, self.read)

    def transforms(self) -> Mapping[str, Transform]:
        return {self.target: LabelTransform(classes=self.classes, multilabel=self.form == "multilabel")}

    def forward(self, tokens: Mapping[str, Tokens], fusion: Fusion, batch: Batch) -> Outputs:
        several = self.form == "multilabel"
        decision = fusion.decide(tokens, self.score, several)
        logits = decision.logits  # [B, C]
        return {"decision": decision, "logits": logits, "scores": logits.sigmoid() if several else logits.softmax(-1)}

    def score(self, tokens: Tokens) -> Tensor:
        """Score each class. [B, N, D] -> [B, C]"""
        return self.head(self.pool(tokens)).float()  # type: ignore[no-any-return]

    def losses(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        logits = outputs["logits"]
        if self.target not in batch.targets:
            return {"class": mean(logits.sum() * 0, 0, len(batch), everywhere=self.training)}
        labels = batch.targets[self.target].values
        several, number = self.form == "multilabel", len(self.classes)
        known = labels.mask if several or labels.values.ndim > 1 else labels.mask & (labels.values != UNSEEN)  # [B]
        targets = labels.values[known]
        targets = targets[:, :number].float() if targets.ndim > 1 else F.one_hot(targets, number).float()  # [N, C]
        targets = targets + self.label_smoothing * (1 / (2 if several else number) - targets)
        criterion = self.loss.multilabel if several else self.loss.multiclass
        losses = outputs["decision"].losses(criterion, targets, known)
        return {"class": mean(losses.sum(), len(targets), len(batch), everywhere=self.training)}

    def notes(self) -> list[str]:
        return self.loss.notes()

    def metrics(self) -> MetricCollection:
        number = len(self.classes)
        own: dict[str, Metric | MetricCollection] = {
            "auroc": Auroc(),
            "ece": BinaryCalibrationError(validate_args=False),
        }
        if self.form == "multilabel":
            own["accuracy"] = MultilabelExactMatch(number + 1, validate_args=False)
            own["f1_macro"] = MultilabelMacroF1(number)
            own["f1_micro"] = MultilabelF1Score(number, average="micro", validate_args=False, zero_division=math.nan)
        else:
            own["accuracy"] = MulticlassAccuracy(number + 1, average="micro", validate_args=False)
            own["f1_macro"] = MulticlassF1Score(number + 1, average="macro", validate_args=False)
            own["f1_micro"] = MulticlassF1Score(number + 1, average="micro", validate_args=False)
        own["f1"] = BinaryF1() if self.form == "binary" else own["f1_macro"].clone()
        return MetricCollection(own, compute_groups=False)

    def measure(self, metrics: MetricCollection, outputs: Outputs, batch: Batch) -> None:
        if self.target not in batch.targets or not batch.targets[self.target].values.mask.any():
            return
        labels = batch.targets[self.target].values
        scores, targets = outputs["scores"][labels.mask], labels.values[labels.mask]
        if self.form == "multilabel":
            targets, preds = targets.long(), (scores > 0.5).long()
            metrics["accuracy"].update(F.pad(preds, (0, 1)), targets)
            for name in ("f1", "f1_macro", "f1_micro"):
                metrics[name].update(preds, targets[:, :-1])
            metrics["auroc"].update(scores, targets[:, :-1])
            metrics["ece"].update(scores.flatten(), targets[:, :-1].flatten())
            return
        known, (best, preds) = targets != UNSEEN, scores.max(-1)
        targets = targets.masked_fill(~known, len(self.classes))
        for name in ("accuracy", "f1_macro", "f1_micro"):
            metrics[name].update(preds, targets)
        metrics["f1"].update(*((preds == 1, targets == 1) if self.form == "binary" else (preds, targets)))
        metrics["auroc"].update(scores[known], F.one_hot(targets[known], len(self.classes)))
        metrics["ece"].update(best, (preds == targets).long())

    def predictions(self, outputs: Outputs, batch: Batch) -> list[dict[str, Any]]:
        labels: Labels | None = batch.targets.get(self.target)
        rows = [{"id": i, **self.explain(s)} for i, s in zip(batch.ids, outputs["scores"].tolist(), strict=True)]
        if labels is None:
            return rows
        return [row | {"target": raw} for row, raw in zip(rows, labels.raw, strict=True)]

    def plots(self, rows: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> Mapping[str, Figure]:
        """Scores by class; and unless there are many labels, a confusion matrix and a reliability diagram."""
        known = [row for row in rows if row.get("target") is not None]
        if not known:
            return {}
        targets, preds = ([row[key] for row in known] for key in ("target", "label"))
        if self.form == "multilabel":
            return {"classes": report(targets, preds, self.classes)}
        right = [target == pred for target, pred in zip(targets, preds, strict=True)]
        return {
            "classes": report([[one] for one in targets], [[one] for one in preds], self.classes),
            "confusion": confusion(targets, preds, self.classes),
            "reliability": reliability([row["score"] for row in known], right),
        }

    def explained(self, outputs: Outputs) -> Explained:
        """Explain the score of the class with the best one."""
        best = int(outputs["scores"][0].argmax())
        return Explained(str(self.classes[best]), lambda found: found["scores"][:, best])

    def explain(self, scores: list[float]) -> dict[str, Any]:
        """Return the prediction, its score (the highest), and the scores of all classes or, of many, the best few."""
        best = sorted(range(len(scores)), key=lambda c: -scores[c])
        chosen = [self.classes[c] for c, score in enumerate(scores) if score > 0.5]
        return {
            "label": chosen if self.form == "multilabel" else self.classes[best[0]],
            "score": scores[best[0]],
            "scores": {str(self.classes[c]): scores[c] for c in best[: len(best) if len(best) <= self.listed else FEW]},
        }


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of each sample. twice [N, C] -> [N]"""
    return F.cross_entropy(logits, targets, reduction="none")


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of each sample, the mean over its classes. twice [N, C] -> [N]"""
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)
