"""The Pareto front of quality and cost."""

from __future__ import annotations

from collections.abc import Sequence


def front(costs: Sequence[float], values: Sequence[float], mode: str) -> list[int]:
    """Return which points no other one beats: none is as cheap and better, or as good and cheaper; cheapest first.

    Args:
        costs: Less is better.
        values: One per cost.
        mode: Whether less (min) or more (max) of a value is better.
    """
    sign = 1 if mode == "max" else -1
    ordered = sorted(range(len(costs)), key=lambda i: (costs[i], -sign * values[i]))
    found: list[int] = []
    for i in ordered:
        if not found or sign * values[i] > sign * values[found[-1]]:
            found.append(i)
    return found
