"""Bootstrap intervals of the difference of any metric that can be computed again from predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from mmexp.analysis.difference import CONFIDENCE, Difference, by_t
from mmexp.analysis.recompute import Metric
from mmexp.analysis.statistics import FEWEST

REPLICATES = 2000
BCA = "BCa bootstrap over samples (Efron 1987)"
CLUSTERS = "bootstrap over groups and seeds, t with G - 1 degrees (Davison and Hinkley 1997; Cameron et al. 2008)"
_CHUNK = 2_000_000  # weights at once
_JACKKNIFE = 500  # parts that are left out in turn, at most
_FEWEST = 5  # samples of an interval: fewer, drawn with replacement, do not show how much others would differ


def over_samples(
    own: Sequence[Metric], other: Sequence[Metric], number: int, seed: int = 0, replicates: int = REPLICATES
) -> Difference | None:
    """Compute the BCa interval of a difference over the samples of one split.

    Source: Efron 1987, "Better Bootstrap Confidence Intervals", https://doi.org/10.1080/01621459.1987.10478410.

    Args:
        own: The metric of the first way, for each seed.
        other: Of the second, for the same seeds.
        number: Of samples.
        seed: Of the resampling.
        replicates: Of the bootstrap.

    Returns:
        None for fewer than five samples, or where the difference never varies.
    """
    if number < _FEWEST:
        return None
    statistic = _difference(own, other)
    rng = np.random.default_rng(seed)

    def draw(size: int) -> np.ndarray:
        return rng.multinomial(number, np.full(number, 1 / number), size=size).astype(float)

    centre = float(statistic(np.ones((1, number)))[0])
    found = _replicates(statistic, draw, number, replicates)
    if (error := float(found.std(ddof=1))) == 0:
        return None
    normal = NormalDist()
    bias = normal.inv_cdf(float(np.clip((found < centre).mean() + (found == centre).mean() / 2, 1e-6, 1 - 1e-6)))
    acceleration = _acceleration(statistic, number)

    def level(z: float) -> float:
        return normal.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))

    z = normal.inv_cdf((1 + CONFIDENCE) / 2)
    low, high = np.quantile(found, [level(-z), level(z)])
    base = by_t(centre, error, math.inf, number, "samples", BCA)
    return replace(base, low=float(low), high=float(high))


def over_groups(
    own: Sequence[Metric],
    other: Sequence[Metric],
    groups: Sequence[str],
    samples: bool = False,
    seed: int = 0,
    replicates: int = REPLICATES,
) -> Difference | None:
    """Compute the interval of a difference by resampling groups with all of their samples, and seeds.

    Where groups are resampled, the spread of their samples is in it already: to resample these too counts it twice.

    Source: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8; the standard error with
    ``G / (G - 1)`` and t with G - 1 degrees for few groups: Cameron, Gelbach and Miller 2008, "Bootstrap-Based
    Improvements for Inference with Clustered Errors", https://doi.org/10.1162/rest.90.3.414.

    Args:
        own: The metric of the first way, for each seed.
        other: Of the second, for the same seeds.
        groups: Of each sample.
        samples: Whether samples are resampled within their group too (the three levels of a hierarchical bootstrap).
        seed: Of the resampling.
        replicates: Of the bootstrap.

    Returns:
        None for fewer than three groups.
    """
    names, place = np.unique(groups, return_inverse=True)
    number, rng = len(names), np.random.default_rng(seed)
    if number < FEWEST:
        return None
    sizes = np.bincount(place)

    def draw(size: int) -> np.ndarray:
        counts = rng.multinomial(number, np.full(number, 1 / number), size=size)
        if not samples:
            return counts[:, place].astype(float)
        weights = np.empty((size, len(place)))
        for group, rows in enumerate(np.split(np.argsort(place, kind="stable"), np.cumsum(sizes)[:-1])):
            weights[:, rows] = rng.multinomial(counts[:, group] * len(rows), np.full(len(rows), 1 / len(rows)))
        return weights

    statistic = _difference(own, other, rng)
    found = _replicates(statistic, draw, len(place), replicates)
    centre = float(_difference(own, other)(np.ones((1, len(place))))[0])
    error = float(np.nanstd(found, ddof=1)) * math.sqrt(number / (number - 1))
    return by_t(centre, error, number - 1, number, "groups", CLUSTERS)


def _difference(own: Sequence[Metric], other: Sequence[Metric], rng: np.random.Generator | None = None) -> Metric:
    """Mean over seeds of the difference, with seeds drawn anew in each replicate if there is a generator."""
    number = len(own)

    def value(weights: np.ndarray) -> np.ndarray:
        found = np.stack([a(weights) - b(weights) for a, b in zip(own, other, strict=True)], axis=-1)  # [B, S]
        if rng is None or number < 2:
            return np.asarray(found.mean(-1))
        drawn = rng.multinomial(number, np.full(number, 1 / number), size=len(weights))
        return np.asarray((found * drawn).sum(-1) / number)

    return value


def _replicates(statistic: Metric, draw: Callable[[int], np.ndarray], number: int, replicates: int) -> np.ndarray:
    size = max(1, min(replicates, _CHUNK // number))
    sizes = [size] * (replicates // size) + ([replicates % size] if replicates % size else [])
    return np.concatenate([statistic(draw(one)) for one in sizes])


def _acceleration(statistic: Metric, number: int) -> float:
    """Skewness of the jackknife values, each without one sample or, of many, without one part of them."""
    parts = np.arange(number) % min(number, _JACKKNIFE)
    left = np.concatenate([statistic((parts != part)[None].astype(float)) for part in range(parts.max() + 1)])
    gap = np.nanmean(left) - left
    square = float(np.nansum(gap**2))
    return 0.0 if square == 0 else float(np.nansum(gap**3)) / (6 * square**1.5)
