"""Whether more or less of a metric is better, as its class declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torchmetrics import MetricCollection

from mmexp.metric.named import NamedMetrics

Direction = Literal["max", "min"]


def directions(metrics: MetricCollection) -> dict[str, Direction]:
    """Return the direction of each reported value, where its metric declares it.

    A metric does so by ``higher_is_better``; one whose values differ in it, by a method ``directions()``.

    Args:
        metrics: Computed already; the results are taken from the cache of each metric.
    """
    if isinstance(metrics, NamedMetrics):
        return {f"{name}_{key}": way for name, part in metrics.parts.items() for key, way in directions(part).items()}
    found: dict[str, Direction] = {}
    for name, metric in metrics.items(keep_base=True):
        if hasattr(metric, "directions"):
            found |= metric.directions()
        elif metric.higher_is_better is not None:
            value = metric.compute()
            names = value if isinstance(value, Mapping) else [name]
            found |= dict.fromkeys(names, "max" if metric.higher_is_better else "min")
    return found
