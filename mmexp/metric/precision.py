"""Measure detection by average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from mmexp.analysis.recomputed.average_precision import RECALLS, THRESHOLDS, claim, overlaps


@dataclass(frozen=True)
class Found:
    """Objects of one image, true or predicted.

    Args:
        boxes: Corners (left, top, right, bottom), in pixels. [K, 4]
        classes: Their numbers. [K]
        scores: Of predictions, each in [0, 1]. [K]
    """

    boxes: Tensor
    classes: Tensor
    scores: Tensor


class AveragePrecision(Metric):
    """Mean over classes of the area under the curve of precision over recall, as COCO measures it.

    ``map50`` takes a prediction as right whose IoU with an object of its class is at least 0.5 and that no one of a
    higher score has claimed; ``map`` is the mean over IoU of 0.5, 0.55 ... 0.95. A class without any object is left
    out; NaN if none is left. Each image is matched as it comes, so the state is small and the same for any number of
    processes.

    Source: Lin et al. 2014, "Microsoft COCO", and the detection evaluation at https://cocodataset.org/#detection-eval:
    all areas, 100 predictions per image and class.

    Args:
        num_classes: Classes C; objects of no such class are missed by every prediction, and count as one class more.
        most: Answers per image and class that count.
    """

    full_state_update = False
    higher_is_better = True
    claims: list[Tensor]
    objects: Tensor

    def __init__(self, *, num_classes: int, most: int = 100) -> None:
        super().__init__()
        self.num_classes, self.most = num_classes, most
        self.add_state("claims", [], dist_reduce_fx="cat")  # class, score, right at each threshold [n, 12]
        self.add_state("objects", torch.zeros(num_classes + 1, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, preds: Sequence[Found], targets: Sequence[Found]) -> None:
        """Add some images."""
        for pred, target in zip(preds, targets, strict=True):
            numbers = torch.where(target.classes < 0, self.num_classes, target.classes)
            self.objects += numbers.bincount(minlength=self.num_classes + 1).to(self.objects.device)
            self.claims.append(torch.from_numpy(self._claims(pred, target)).to(self.device))

    def compute(self) -> dict[str, Tensor]:
        """``map`` and ``map50``, in [0, 1] or NaN."""
        some = dim_zero_cat(self.claims) if len(self.claims) else torch.empty(0)
        claims = some.cpu().double().numpy().reshape(-1, 2 + len(THRESHOLDS))
        found = [
            average_precision(claims[claims[:, 0] == number], count)
            for number, count in enumerate(self.objects.tolist())
            if count
        ]
        table = torch.tensor(np.array(found).reshape(-1, len(THRESHOLDS)), device=self.device)
        return {"map": table.mean().float(), "map50": table[:, 0].mean().float()}

    def _claims(self, pred: Found, target: Found) -> np.ndarray:
        """Return the class, score and correctness of each prediction. -> float64 [n, 12]"""
        rows = [np.empty((0, 2 + len(THRESHOLDS)))]
        classes, scores = pred.classes.cpu().numpy(), pred.scores.double().cpu().numpy()
        boxes, others = pred.boxes.double().cpu().numpy(), target.boxes.double().cpu().numpy()
        for number in np.unique(classes):
            chosen = np.flatnonzero(classes == number)
            chosen = chosen[np.argsort(-scores[chosen], kind="stable")][: self.most]
            right = claim(overlaps(boxes[chosen], others[target.classes.cpu().numpy() == number]))
            rows.append(np.column_stack([np.full(len(chosen), number), scores[chosen], right]))
        return np.concatenate(rows)


def average_precision(claims: np.ndarray, count: int) -> np.ndarray:
    """Mean precision at 101 recalls, where precision is the best at that recall or above. [n, 12] -> [10]"""
    claims = claims[np.argsort(-claims[:, 1], kind="stable"), 2:]
    right = claims.cumsum(0)  # [n, 10]
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1)[:, None])[::-1])[::-1]
    precision = np.concatenate([precision, np.zeros((1, len(THRESHOLDS)))])
    positions = [np.searchsorted(right[:, t] / count, RECALLS) for t in range(len(THRESHOLDS))]
    return np.array([precision[position, t].mean() for t, position in enumerate(positions)])
