"""Student's t distribution in plain Python, so that a verdict needs no library that is slow to import."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

_TINY = 1e-300
_STEPS = 300  # of the continued fraction; it converges in some dozens


def two_sided(t: float, degrees: float) -> float:
    """Compute the probability of a value beyond -t or t.

    Source: Abramowitz & Stegun 1964, "Handbook of Mathematical Functions", eq. 26.7.1 and 26.5.8.

    Args:
        t: Any number.
        degrees: Of freedom, positive, also a fraction; infinity for the normal distribution.
    """
    if math.isinf(degrees):
        return math.erfc(abs(t) / math.sqrt(2))
    return _beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def upper(t: float, degrees: float) -> float:
    """Compute the probability of a value above t."""
    half = two_sided(t, degrees) / 2
    return half if t >= 0 else 1 - half


@cache
def quantile(confidence: float, degrees: float) -> float:
    """Find the t for which Student's distribution has ``confidence`` within [-t, t]."""
    if math.isinf(degrees):
        return NormalDist().inv_cdf((1 + confidence) / 2)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        within = 1 - two_sided(math.sqrt(degrees) * math.tan(middle), degrees)
        low, high = (middle, high) if within < confidence else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _beta(a: float, b: float, x: float) -> float:
    """Compute the regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log) * _fraction(a, b, x) / a
    return 1 - math.exp(log) * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Compute the continued fraction of the incomplete beta function by Lentz's method."""
    c, d = 1.0, 1 / _sound(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1 / _sound(1 + step * d), _sound(1 + step / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _sound(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
