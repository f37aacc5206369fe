"""A difference between two ways, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmexp.analysis.student import quantile, two_sided

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A mean difference, positive where the first is better, also if less of the metric is better.

    Args:
        mean: In the unit of the metric.
        low: Lower end of the 95 % interval; None if the runs give none.
        high: Upper end.
        pairs: Number of paired units that it is over.
        over: What these are: seeds, folds, groups or samples; empty without an interval.
        p: Probability of so large a difference if there is none; None without an interval.
        error: Standard error of the mean.
        degrees: Of freedom of its t distribution; infinity for the normal one.
        method: Name of the interval and its source.
        spread: Standard deviation of the units; None if that is not known.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    over: str = ""
    p: float | None = None
    error: float | None = None
    degrees: float = math.inf
    method: str = ""
    spread: float | None = None

    @property
    def is_won(self) -> bool:
        """Whether the first is better: beyond chance variation, where there is an interval."""
        return (self.mean if self.low is None else self.low) > 0

    @property
    def is_lost(self) -> bool:
        """Whether the second is."""
        return (self.mean if self.high is None else self.high) < 0

    @property
    def is_noise(self) -> bool:
        """Whether neither is."""
        return not (self.is_won or self.is_lost)


def by_t(
    mean: float, error: float, degrees: float, pairs: int, over: str, method: str, spread: float | None = None
) -> Difference:
    """Make the t interval of a mean with its standard error.

    Args:
        mean: Of the differences.
        error: Standard error.
        degrees: Of freedom; infinity for the normal interval.
        pairs: Number of units.
        over: What they are.
        method: Name and source.
        spread: Standard deviation of the units; that of independent ones if None.
    """
    half = quantile(CONFIDENCE, degrees) * error
    p = two_sided(mean / error, degrees) if error else float(mean == 0)
    apart = error * math.sqrt(pairs) if spread is None else spread
    return Difference(mean, mean - half, mean + half, pairs, over, p, error, degrees, method, apart)
