"""Metrics of several tasks as one collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torchmetrics import MetricCollection


class NamedMetrics(MetricCollection):
    """Report the metrics of each part with its name in front: ``label_accuracy``, ``caption_bleu4`` ...

    Args:
        parts: Collections by name, whose metrics are called in them as they were.
    """

    def __init__(self, parts: Mapping[str, MetricCollection]) -> None:
        super().__init__({}, compute_groups=False)
        for name, part in parts.items():
            self.add_metrics({f"{name}_{key}": metric for key, metric in part.items(keep_base=True)})
        self.parts = dict(parts)

    def compute(self) -> dict[str, Any]:
        """Results of all parts, by their new names."""
        return {f"{name}_{key}": value for name, part in self.parts.items() for key, value in part.compute().items()}
