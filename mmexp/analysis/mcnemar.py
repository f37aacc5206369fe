"""McNemar's test of two classifiers on the same samples."""

from __future__ import annotations

import math


def mid_p(first: int, second: int) -> float:
    """Compute the two-sided mid-p value that two classifiers are right equally often.

    Source: Fagerland et al. 2013, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than
    exact conditional", https://doi.org/10.1186/1471-2288-13-91, eq. 3.

    Args:
        first: Samples that only the first has right.
        second: Samples that only the second has right.
    """
    number, few = first + second, min(first, second)
    if first == second:
        return 1 - _chance(few, number) / 2 if number else 1.0
    return min(1.0, 2 * math.fsum(_chance(k, number) for k in range(few)) + _chance(few, number))


def _chance(k: int, number: int) -> float:
    """Probability of k heads of a number of coins."""
    log = math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)
    return math.exp(log - number * math.log(2))
