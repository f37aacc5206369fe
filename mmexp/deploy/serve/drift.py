"""How far what is predicted now lies from what the run predicted when it was evaluated."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Hashable, Sequence

_WINDOW = 1000  # newest predictions
_LEAST = 30  # of them, before anything is said
_FLOOR = 1e-4  # share of a class that never occurs


class Window:
    """The newest values of one kind next to those of the evaluation.

    Args:
        reference: Of the evaluation.
        size: Values that are kept.
    """

    def __init__(self, reference: Sequence[Hashable], size: int = _WINDOW) -> None:
        self.reference = list(reference)
        self.newest: deque[Hashable] = deque(maxlen=size)

    def add(self, value: Hashable) -> None:
        """Take one more value."""
        self.newest.append(value)

    @property
    def enough(self) -> bool:
        """Whether there are enough values on both sides to compare."""
        return min(len(self.reference), len(self.newest)) >= _LEAST


def psi(expected: Sequence[Hashable], actual: Sequence[Hashable]) -> float:
    """Compute the population stability index over classes: sum of (a - e) ln(a / e) of their shares.

    Source: Siddiqi 2006, "Credit Risk Scorecards"; below 0.1 little has changed, above 0.25 much has.

    Args:
        expected: Classes that were predicted at evaluation.
        actual: Classes that are predicted now.
    """
    shares = [Counter(expected), Counter(actual)]
    total = 0.0
    for name in {*expected, *actual}:
        e, a = (max(one[name] / one.total(), _FLOOR) for one in shares)
        total += (a - e) * math.log(a / e)
    return total


def ks(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Compute the two-sample Kolmogorov-Smirnov statistic: the largest distance of the distribution functions.

    Source: Massey 1951, "The Kolmogorov-Smirnov Test for Goodness of Fit".

    Args:
        expected: Scores at evaluation.
        actual: Scores now.
    """
    one, other = sorted(expected), sorted(actual)
    points = [*one, *other]
    return max(abs(bisect_right(one, at) / len(one) - bisect_right(other, at) / len(other)) for at in points)
