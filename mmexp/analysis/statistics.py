"""How much of a difference is chance variation over seeds, folds or samples, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmexp.analysis.difference import Difference, by_t
from mmexp.analysis.mcnemar import mid_p

FEWEST = 3  # shared seeds, folds or groups; with two, equal differences would look certain
SEEDS = "paired t test over seeds (Student 1908)"
FOLDS = "corrected resampled t test over folds (Nadeau and Bengio 2003)"
SAMPLES = "normal interval of paired differences over samples"
MCNEMAR = f"{SAMPLES}, p by McNemar's mid-p test (Fagerland et al. 2013)"


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (n - 1); None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def paired(first: Mapping[Any, float], second: Mapping[Any, float]) -> Difference | None:
    """Compare two ways over the seeds both were trained with.

    Args:
        first: Value by seed.
        second: Value by seed.

    Returns:
        ``first - second`` by a paired t interval, or None for fewer than three shared seeds.
    """
    differences = [first[seed] - second[seed] for seed in first if seed in second]
    spread = deviation(differences)
    if spread is None or len(differences) < FEWEST:
        return None
    number = len(differences)
    return by_t(mean(differences), spread / math.sqrt(number), number - 1, number, "seeds", SEEDS)


def over_folds(differences: Mapping[str, Sequence[float]]) -> Difference | None:
    """Compare two ways over folds, whose training splits overlap, so that their differences are not independent.

    Source: Nadeau and Bengio 2003, "Inference for the Generalization Error", https://doi.org/10.1023/A:1024068626366,
    section 5.1: the variance is ``(1 / J + n_test / n_train) s^2``, of J folds ``(1 / J + 1 / (J - 1)) s^2``.

    Args:
        differences: Paired differences by fold, one for each seed.

    Returns:
        The mean over folds by a t interval, or None for fewer than three.
    """
    means = [mean(found) for found in differences.values()]
    spread, number = deviation(means), len(means)
    if spread is None or number < FEWEST:
        return None
    error = spread * math.sqrt(1 / number + 1 / (number - 1))
    return by_t(mean(means), error, number - 1, number, "folds", FOLDS, spread)


def per_sample(first: Sequence[Mapping[str, float]], second: Sequence[Mapping[str, float]]) -> Difference | None:
    """Compare two ways over the samples both were evaluated on; what another seed would give is not in the interval.

    Args:
        first: Score by sample, for each seed.
        second: Score by sample, for the same seeds.

    Returns:
        The mean over samples of ``first - second``, itself averaged over the seeds, by a normal interval, or None for
        fewer than two shared samples. Of two classifiers, the p value is that of McNemar's test.
    """
    shared = set.intersection(*map(set, [*first, *second])) if first and second else set()
    differences = [mean([a[i] - b[i] for a, b in zip(first, second, strict=True)]) for i in sorted(shared)]
    spread, number = deviation(differences), len(differences)
    if spread is None:
        return None
    error, centre = spread / math.sqrt(number), mean(differences)
    if len(first) > 1 or not {*differences} <= {-1.0, 0.0, 1.0}:
        return by_t(centre, error, math.inf, number, "samples", SAMPLES)
    found = by_t(centre, error, math.inf, number, "samples", MCNEMAR)
    p = mid_p(differences.count(1.0), differences.count(-1.0))
    return replace(found, p=p)
