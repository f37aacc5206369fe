"""Measure the overlap of predicted and true regions."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class Overlap(Metric):
    """Mean over classes of IoU and of Dice, each over all pixels of the split.

    ``miou`` of predicted pixels A and true pixels T is |A and T| / |A or T|, ``dice`` is 2 |A and T| / (|A| + |T|). A
    class that is neither predicted nor true anywhere is left out; NaN if none is left.

    Source: Everingham et al. 2015, "The Pascal Visual Object Classes Challenge: A Retrospective", sec. 3.2; Dice 1945.

    Args:
        num_classes: Classes C.

    Shape:
        counts [..., C, C] of pixels by true and by predicted class, as ``count`` gives them.
    """

    full_state_update = False
    higher_is_better = True
    counts: Tensor

    def __init__(self, *, num_classes: int) -> None:
        super().__init__()
        self.add_state("counts", torch.zeros(num_classes, num_classes, dtype=torch.long), dist_reduce_fx="sum")

    def update(self, counts: Tensor) -> None:
        """Add the pixels of one batch."""
        self.counts += counts.flatten(0, -3).sum(0)

    def compute(self) -> dict[str, Tensor]:
        """``miou`` and ``dice``, in [0, 1] or NaN."""
        overlap = iou(self.counts)
        return {"miou": overlap.nanmean(), "dice": (2 * overlap / (1 + overlap)).nanmean()}


def count(preds: Tensor, targets: Tensor, num_classes: int) -> Tensor:
    """Count pixels by true and by predicted class; targets that are no class do not count.

    [B, ...], [B, ...] -> [B, C, C]
    """
    rows = torch.arange(len(targets), device=targets.device).view(-1, *[1] * (targets.ndim - 1))
    known = (targets >= 0) & (targets < num_classes)
    pairs = ((rows * num_classes + targets) * num_classes + preds)[known]
    return pairs.bincount(minlength=len(targets) * num_classes**2).view(-1, num_classes, num_classes)


def iou(counts: Tensor) -> Tensor:
    """IoU of each class, NaN for one that is nowhere. [..., C, C] -> [..., C]"""
    same = counts.diagonal(dim1=-2, dim2=-1)
    return same / (counts.sum(-1) + counts.sum(-2) - same)
