"""Numbers that follow from one metric on several alterations of the same samples, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from mmexp.analysis.difference import Difference
from mmexp.analysis.interval import interval_of
from mmexp.analysis.recompute import Metric
from mmexp.study.scored import Scored

K = TypeVar("K", bound=Hashable)
ROUNDING = 1e-7
"""Share of the metrics, which are in float32, below which what follows from them is zero up to rounding."""
Formula = Callable[[Callable[[K], Any]], Any]
"""Takes what gives the metric of an alteration, as a number or in each replicate [B], and returns the same."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Args:
        value: The number.
        interval: None if it has none.
    """

    value: float
    interval: Difference | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON types: ``value``, and with an interval ``low``, ``high``, ``over``, ``units``."""
        own = self.interval
        return {"value": self.value} | (
            {"low": own.low, "high": own.high, "over": own.over, "units": own.pairs} if own else {}
        )


@dataclass(frozen=True)
class Measured(Generic[K]):
    """One metric on several alterations of the same samples.

    Args:
        values: By alteration, as the run reports it.
        metrics: By alteration, as a function of how often each sample counts; empty where no way is known.
        ids: Of the samples, in the order of the weights.
        groups: Of samples, by id.
    """

    values: Mapping[K, float]
    metrics: Mapping[K, Metric]
    ids: Sequence[str]
    groups: Mapping[str, str]

    def estimate(self, formula: Formula[K]) -> Estimate:
        """Compute a number from the metrics, and its interval where these are known for all that it is made of."""
        asked: dict[K, float] = {}

        def value(key: K) -> float:
            return asked.setdefault(key, self.values[key])

        found = float(formula(value))
        if abs(found) < ROUNDING * max(map(abs, asked.values()), default=0.0):
            found = 0.0
        if not np.isfinite(found) or not all(key in self.metrics for key in asked):
            return Estimate(found)

        def again(weights: np.ndarray) -> np.ndarray:
            return np.asarray(formula(lambda key: self.metrics[key](weights)))

        return Estimate(found, interval_of(again, self.ids, self.groups))


def measured(scores: Mapping[K, Scored], metric: str) -> Measured[K]:
    """Gather a metric of what was scored.

    Args:
        scores: On the same samples, by alteration.
        metric: Key.
    """
    values = {key: _number(one.metrics[metric]) for key, one in scores.items()}
    again = {key: own.value for key, one in scores.items() if (own := one.recomputed(metric))}
    first = next(iter(scores.values()))
    return Measured(values, again, first.ids, first.groups)


def means(scores: Mapping[K, np.ndarray], ids: Sequence[str], groups: Mapping[str, str]) -> Measured[K]:
    """Gather the mean of a score of each sample.

    Args:
        scores: Of the samples, by alteration. [N]
        ids: Of the samples, in the same order.
        groups: Of samples, by id.
    """

    def mean(own: np.ndarray) -> Metric:
        return lambda weights: weights @ own / weights.sum(-1)

    values = {key: float(own.mean()) for key, own in scores.items()}
    return Measured(values, {key: mean(own) for key, own in scores.items()}, ids, groups)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
