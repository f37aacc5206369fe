"""Means that say whether more or less is better."""

from __future__ import annotations

from torchmetrics import MeanMetric


class MeanScore(MeanMetric):
    """Average something of which more is better, such as an accuracy."""

    higher_is_better = True  # type: ignore[assignment]  # torchmetrics types that of its means as None


class MeanError(MeanMetric):
    """Average something of which less is better, such as a distance or a loss."""

    higher_is_better = False  # type: ignore[assignment]
