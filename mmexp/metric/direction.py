"""Whether more or less of a metric is better, as its class declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torchmetrics import MetricCollection

from mmexp.metric.named import NamedMetrics

Direction = Literal["max", "min"]


def directions(metrics: MetricCollection) -> dict[str, Direction]:
    """Return the direction of each reported value, where its metric declares it.

    A metric does so by ``higher_is_better``, or by ``lower_is_better``: the names of those of its values of which less
    is better, while more is better of the others.

    Args:
        metrics: Computed already; the results are taken from the cache of each metric.
    """
    if isinstance(metrics, NamedMetrics):
        return {f"{name}_{key}": way for name, part in metrics.parts.items() for key, way in directions(part).items()}
    found: dict[str, Direction] = {}
    for name, metric in metrics.items(keep_base=True):
        value, higher = metric.compute(), metric.higher_is_better
        names = list(value) if isinstance(value, Mapping) else [name]
        lower = getattr(metric, "lower_is_better", None if higher is None else [] if higher else names)
        found |= {} if lower is None else {key: "min" if key in lower else "max" for key in names}
    return found
