"""The size of a difference in units of its spread."""

from __future__ import annotations

from mmexp.analysis.difference import Difference


def effect_size(found: Difference) -> float | None:
    """Compute Hedges' g of paired differences: their mean over their standard deviation, corrected for small numbers.

    Source: Hedges 1981, "Distribution Theory for Glass's Estimator of Effect Size", https://doi.org/10.2307/1164588,
    eq. 4, of Cohen's d for pairs.

    Args:
        found: With the standard deviation of its units.

    Returns:
        None without a spread.
    """
    if not found.spread:
        return None
    return (1 - 3 / (4 * (found.pairs - 1) - 1)) * found.mean / found.spread
