"""Colours of ways, the same in all charts of a ranking."""

from __future__ import annotations

from mmexp.analysis.comparison import Comparison, Way

COLOURED = 6  # fusions, the best ones; the others are grey until they are pointed at


def colour(way: Way, comparison: Comparison) -> str:
    """Return the class of a way: c0 to c5 for the best fusions, base for what they must beat, cx for all others."""
    if way.is_baseline:
        return "base"
    place = sum(not other.is_baseline for other in comparison.ways[: way.position])
    return f"c{place}" if place < COLOURED else "cx"
