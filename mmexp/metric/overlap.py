"""How far answered regions and true ones are the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class Overlap(Metric):
    """Mean over classes of IoU and of Dice, each over all pixels of the split.

    ``miou`` of answered pixels A and true pixels T is |A and T| / |A or T|, ``dice`` is 2 |A and T| / (|A| + |T|). A
    class that is neither answered nor true anywhere is left out; NaN if none is left.

    Source: Everingham et al. 2015, "The Pascal Visual Object Classes Challenge: A Retrospective", sec. 3.2; Dice 1945.

    Args:
        num_classes: Classes C.

    Shape:
        counts [..., C, C] of pixels by true and by answered class, as ``count`` gives them.
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


def count(answers: Tensor, goals: Tensor, num_classes: int) -> Tensor:
    """Pixels by true and by answered class; goals that are no class do not count. [B, ...], [B, ...] -> [B, C, C]"""
    rows = torch.arange(len(goals), device=goals.device).view(-1, *[1] * (goals.ndim - 1))
    known = (goals >= 0) & (goals < num_classes)
    pairs = ((rows * num_classes + goals) * num_classes + answers)[known]
    return pairs.bincount(minlength=len(goals) * num_classes**2).view(-1, num_classes, num_classes)


def iou(counts: Tensor) -> Tensor:
    """IoU of each class, NaN for one that is nowhere. [..., C, C] -> [..., C]"""
    same = counts.diagonal(dim1=-2, dim2=-1)
    return same / (counts.sum(-1) + counts.sum(-2) - same)
