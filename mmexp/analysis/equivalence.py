"""Practical equivalence: how probable it is that one way is better, as good, or worse, beyond what matters."""

from __future__ import annotations

from dataclasses import dataclass

from mmexp.analysis.difference import Difference
from mmexp.analysis.student import upper

SOURCE = "correlated Bayesian t test (Benavoli et al. 2017)"


@dataclass(frozen=True)
class Equivalence:
    """Probabilities that sum to 1.

    Args:
        better: That the first is better by more than the region of practical equivalence.
        equal: That the difference is within it.
        worse: That the second is better.
    """

    better: float
    equal: float
    worse: float


def equivalence(found: Difference, rope: float) -> Equivalence | None:
    """Compute the posterior probabilities of a difference beyond, within and below a region of practical equivalence.

    Source: Benavoli et al. 2017, "Time for a Change: a Tutorial for Comparing Multiple Classifiers Through Bayesian
    Analysis", https://jmlr.org/papers/v18/16-305.html, eq. 6: Student's t around the mean, with the standard error that
    counts the correlation of folds.

    Args:
        found: The difference.
        rope: Half the width of the region, in the unit of the metric.

    Returns:
        None if the difference has no standard error.
    """
    if found.error is None:
        return None
    if not found.error:
        return Equivalence(float(found.mean > rope), float(abs(found.mean) <= rope), float(found.mean < -rope))
    better = upper((rope - found.mean) / found.error, found.degrees)
    worse = 1 - upper((-rope - found.mean) / found.error, found.degrees)
    return Equivalence(better, max(0.0, 1 - better - worse), worse)
