"""How many seeds, groups or samples a difference would need to be distinguished from none."""

from __future__ import annotations

import math
from statistics import NormalDist

from mmexp.analysis.difference import Difference

POWER = 0.8
_LEVEL = 0.05
_MOST = 1000  # units that a statement counts


def units_needed(found: Difference) -> int | None:
    """Estimate over how many units a paired t test finds the difference with a chance of 80 %, if it is what was seen.

    Source: Guenther 1981, "Sample Size Formulas for Normal Theory T Tests", https://doi.org/10.2307/2683363: the normal
    formula and ``z^2 / 2``.

    Args:
        found: With its standard error; the spread of its units is ``error sqrt(pairs)``.

    Returns:
        None without an interval, where the difference is 0, or over folds, whose number changes what is trained on.
    """
    if not found.error or not found.mean or found.over == "folds":
        return None
    normal = NormalDist()
    own, power = normal.inv_cdf(1 - _LEVEL / 2), normal.inv_cdf(POWER)
    spread = found.error * math.sqrt(found.pairs)
    return max(2, math.ceil(((own + power) * spread / found.mean) ** 2 + own**2 / 2))


def need(found: Difference) -> str:
    """Say how many units would be needed, such as ``about 8 seeds would be needed``; empty where that is not known."""
    if (number := units_needed(found)) is None:
        return ""
    most = max(_MOST, 20 * found.pairs)
    many = f"more than {most}" if number > most else f"about {max(number, found.pairs + 1)}"
    return f"{many} {found.over} would be needed"
