"""When values are drawn by their ratios."""

from __future__ import annotations

from collections.abc import Sequence

_RATIO = 12  # of the greatest and the least


def spans_decades(values: Sequence[float]) -> bool:
    """Return whether values are positive and so far apart that equal ratios should be equally far apart."""
    return min(values) > 0 and max(values) / min(values) > _RATIO
