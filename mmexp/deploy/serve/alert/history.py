"""The newest values of the metrics of a server, and what PromQL makes of them: increase, maximum, quantile."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from prometheus_client.metrics_core import Metric

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""
Values = Mapping[Labels, float]


class History:
    """Keep the values of some metrics for some time.

    Args:
        names: Of the samples that are kept, such as ``mmexp_requests_total``.
        seconds: For which they are.
    """

    def __init__(self, names: Collection[str], seconds: float) -> None:
        self.names, self.seconds = frozenset(names), seconds
        self._kept: deque[tuple[float, Mapping[str, Values]]] = deque()

    def add(self, now: float, metrics: Iterable[Metric]) -> None:
        """Take the values of now, and forget those that are too old; the newest of the too old ones is where it begins.

        Args:
            now: In seconds, from any start.
            metrics: As a registry collects them.
        """
        found: dict[str, dict[Labels, float]] = defaultdict(dict)
        for metric in metrics:
            for one in metric.samples:
                if one.name in self.names:
                    found[one.name][tuple(sorted(one.labels.items()))] = one.value
        self._kept.append((now, found))
        while len(self._kept) > 1 and self._kept[1][0] <= now - self.seconds:
            self._kept.popleft()

    def latest(self, name: str) -> Values:
        """Return the newest value of each series."""
        return self._kept[-1][1].get(name, {})

    def increase(self, name: str, seconds: float) -> Values:
        """Return by how much each counter has risen within some time; one that is new has risen from 0."""
        before = self._within(seconds)[0].get(name, {})
        return {labels: value - before.get(labels, 0.0) for labels, value in self.latest(name).items()}

    def most(self, name: str, seconds: float) -> Values:
        """Return the largest value of each series within some time."""
        found: dict[Labels, float] = {}
        for kept in self._within(seconds):
            for labels, value in kept.get(name, {}).items():
                found[labels] = max(value, found.get(labels, value))
        return found

    def _within(self, seconds: float) -> list[Mapping[str, Values]]:
        """Return what was kept within some time, and what was there when it began."""
        begin = self._kept[-1][0] - seconds
        first = max((i for i, (at, _) in enumerate(self._kept) if at <= begin), default=0)
        return [kept for _, kept in list(self._kept)[first:]]


def summed(values: Values, by: Collection[str], where: Callable[[Mapping[str, str]], bool] = lambda _: True) -> Values:
    """Add up series that have the same values of some labels.

    Args:
        values: Of the series.
        by: Names of the labels that are kept.
        where: Whether a series counts, by its labels.
    """
    found: dict[Labels, float] = defaultdict(float)
    for labels, value in values.items():
        if where(dict(labels)):
            found[tuple(one for one in labels if one[0] in by)] += value
    return found


def quantile(q: float, buckets: Values) -> Values:
    """Return a quantile of each histogram, linear within a bucket.

    Source: Prometheus, "Query functions", histogram_quantile; of the last bucket it is the lower end.

    Args:
        q: Between 0 and 1.
        buckets: Number of values up to ``le``, by labels.
    """
    histograms: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, value in buckets.items():
        rest = tuple(one for one in labels if one[0] != "le")
        histograms[rest].append((float(dict(labels)["le"]), value))
    return {labels: _quantile(q, sorted(own)) for labels, own in histograms.items() if max(own)[1] > 0}


def _quantile(q: float, buckets: list[tuple[float, float]]) -> float:
    rank, (low, below) = q * buckets[-1][1], (0.0, 0.0)
    for high, until in buckets:
        if until >= rank:
            return low if math.isinf(high) else low + (high - low) * (rank - below) / (until - below or 1.0)
        low, below = high, until
    return low


def plain(labels: Labels) -> dict[str, Any]:
    """Return labels as a mapping, without those that say nothing."""
    return {name: value for name, value in labels if value}
