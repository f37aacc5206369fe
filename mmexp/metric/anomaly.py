"""Measure how well anomaly scores separate anomalies from normal samples."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from mmexp.metric.auroc import area

HOUR = 3600  # s
NAMES = ("auroc", "ap", "false_alarms_per_hour")


class AnomalyScores(Metric):
    """``auroc``, ``ap`` and ``false_alarms_per_hour`` of scores that should be higher for anomalies.

    ``ap`` is the average precision: the mean of the precision at each anomaly, in the order of the scores.
    ``false_alarms_per_hour`` counts the normal samples at or above the highest threshold that reaches the given recall
    of anomalies, in an hour of nothing but normal ones that lie end to end. All are NaN unless there are anomalies and
    normal samples.

    Source: Hanley and McNeil 1982 for ``auroc``; Manning et al. 2008, "Introduction to Information Retrieval", section
    8.4, for ``ap``.

    Args:
        recall: Share of the anomalies to be found, in (0, 1].
        window: Length of a sample, in s.

    Shape:
        scores [B], bool targets [B].

    Raises:
        ValueError: If recall is outside (0, 1] or window is not positive.
    """

    full_state_update = False
    lower_is_better = ("false_alarms_per_hour",)
    scores: list[Tensor]
    targets: list[Tensor]

    def __init__(self, *, recall: float, window: float) -> None:
        super().__init__()
        if not 0 < recall <= 1:
            raise ValueError(f"AnomalyScores: recall must be in (0, 1], got {recall}.")
        if not window > 0:
            raise ValueError(f"AnomalyScores: window must be positive, got {window}.")
        self.recall, self.window = recall, window
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("targets", [], dist_reduce_fx="cat")

    def update(self, scores: Tensor, targets: Tensor) -> None:
        """Add one batch."""
        self.scores.append(scores.detach().float())
        self.targets.append(targets.bool())

    def compute(self) -> dict[str, Tensor]:
        """Return all by name; rates in [0, 1]."""
        scores, targets = (dim_zero_cat(state).cpu() for state in (self.scores, self.targets))
        if bool(targets.all()) or not bool(targets.any()):
            return dict.fromkeys(NAMES, torch.tensor(torch.nan, device=self.device))
        points = operating_points(scores.double(), targets.bool())
        steps = points.recall.diff(prepend=torch.zeros(1))
        enough = points.recall >= self.recall - 1e-12
        alarms = points.false_alarms[enough][0] * HOUR / self.window
        values = (area(scores[:, None], targets[:, None]), (points.precision * steps).sum(), alarms)
        return {name: value.float().to(self.device) for name, value in zip(NAMES, values, strict=True)}


class Points(NamedTuple):
    """What comes of each threshold, from the highest score to the lowest.

    Args:
        recall: Share of the anomalies at or above it. [T]
        false_alarms: Share of the normal samples at or above it. [T]
        precision: Share of anomalies among all at or above it. [T]
    """

    recall: Tensor
    false_alarms: Tensor
    precision: Tensor


def operating_points(scores: Tensor, targets: Tensor) -> Points:
    """Try each distinct score as a threshold. [N], bool [N] -> T thresholds"""
    ordered, order = scores.sort(descending=True)
    last = torch.cat([ordered[:-1] != ordered[1:], torch.ones(1, dtype=torch.bool)])
    right = targets[order].double().cumsum(0)[last]
    taken = torch.arange(1, len(scores) + 1)[last]
    return Points(right / targets.sum(), (taken - right) / (~targets).sum(), right / taken)
