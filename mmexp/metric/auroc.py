"""Area under the ROC curve that knows when it is undefined."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class Auroc(Metric):
    """Chance that a positive scores above a negative, averaged over the classes that have both.

    A class without positives or without negatives is left out (torchmetrics counts it as 0); NaN if no class is left.

    Source: Hanley and McNeil 1982; the rank-sum form of Mann and Whitney 1947, ties counted half.

    Shape:
        scores [B, C], bool targets [B, C].
    """

    full_state_update = False
    higher_is_better = True
    scores: list[Tensor]
    targets: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, scores: Tensor, targets: Tensor) -> None:
        """Add one batch."""
        self.scores.append(scores.detach().float())
        self.targets.append(targets.bool())

    def compute(self) -> Tensor:
        """Mean over classes, in [0, 1] or NaN."""
        return area(dim_zero_cat(self.scores), dim_zero_cat(self.targets))


def area(scores: Tensor, targets: Tensor) -> Tensor:
    """Area under the ROC curve, mean over the classes that have both. [N, C], bool [N, C] -> []"""
    device, scores = scores.device, scores.T.cpu().contiguous()  # [C, N]
    targets = targets.T.cpu().bool()
    ordered = scores.sort(1).values
    below, upto = (torch.searchsorted(ordered, scores, right=right) for right in (False, True))
    positions = (below + upto + 1).double() / 2  # [C, N] ranks from 1, ties share theirs
    positives, negatives = targets.sum(1).double(), (~targets).sum(1).double()
    wins = (positions * targets).sum(1) - positives * (positives + 1) / 2
    return (wins / (positives * negatives)).nanmean().float().to(device)
