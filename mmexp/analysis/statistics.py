"""How much of a difference is chance variation over seeds or samples, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

FEWEST = 3  # shared seeds; with two, equal differences would look certain


@dataclass(frozen=True)
class Difference:
    """Mean of the paired differences with its confidence interval.

    Args:
        mean: In the unit of the metric.
        low: Lower end of the interval.
        high: Upper end of the interval.
        pairs: Number of pairs.
    """

    mean: float
    low: float
    high: float
    pairs: int

    @property
    def is_noise(self) -> bool:
        """Whether zero lies in the interval."""
        return self.low <= 0 <= self.high


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Sample standard deviation (n - 1); None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def paired(
    first: Mapping[Hashable, float], second: Mapping[Hashable, float], confidence: float = 0.95
) -> Difference | None:
    """Compare two ways over the seeds both were trained with.

    Args:
        first: Value by seed.
        second: Value by seed.
        confidence: Share of such intervals that hold the true difference.

    Returns:
        ``first - second`` by a paired t interval, or None for fewer than three shared seeds.
    """
    differences = [first[seed] - second[seed] for seed in first if seed in second]
    spread = deviation(differences)
    if spread is None or len(differences) < FEWEST:
        return None
    half = t_quantile(confidence, len(differences) - 1) * spread / math.sqrt(len(differences))
    centre = mean(differences)
    return Difference(centre, centre - half, centre + half, len(differences))


def per_sample(
    first: Sequence[Mapping[str, float]], second: Sequence[Mapping[str, float]], confidence: float = 0.95
) -> Difference | None:
    """Compare two ways over the samples both were evaluated on; what another seed would give is not in the interval.

    Args:
        first: Score by sample, for each seed.
        second: Score by sample, for the same seeds.
        confidence: Share of such intervals that hold the true difference.

    Returns:
        The mean over samples of ``first - second``, itself averaged over the seeds, by a normal interval, or None for
        fewer than two shared samples.
    """
    shared = set.intersection(*map(set, [*first, *second])) if first and second else set()
    differences = [mean([a[i] - b[i] for a, b in zip(first, second, strict=True)]) for i in sorted(shared)]
    spread = deviation(differences)
    if spread is None:
        return None
    half = NormalDist().inv_cdf((1 + confidence) / 2) * spread / math.sqrt(len(differences))
    centre = mean(differences)
    return Difference(centre, centre - half, centre + half, len(differences))


def t_quantile(confidence: float, degrees: int) -> float:
    """The t for which Student's distribution has ``confidence`` within [-t, t].

    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", eq. 26.7.3 and 26.7.4.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < confidence else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _within(angle: float, degrees: int) -> float:
    """Share of Student's distribution within [-t, t], where tan(angle) = t / sqrt(degrees)."""
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0 if degrees == 1 else term
    for k in range(2 + odd, degrees - 1, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        total += term
    share = math.sin(angle) * total
    return 2 / math.pi * (angle + share) if odd else share
