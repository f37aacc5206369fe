"""Exact Shapley values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from math import factorial
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)


def shapley(players: Sequence[K], value: Callable[[tuple[K, ...]], Any]) -> dict[K, Any]:
    """Compute the Shapley value of each player; they add up to the value of all less the value of none.

    Source: Shapley 1953, "A Value for n-Person Games", https://doi.org/10.1515/9781400881970-018.

    Args:
        players: In order.
        value: Of a coalition, in the order of the players: a number, or an array.

    Example:
        >>> from mmexp.study.shapley import shapley
        >>> shapley(["a", "b"], lambda coalition: 5.0 if len(coalition) == 2 else 0.0)
        {'a': 2.5, 'b': 2.5}
    """
    number = len(players)
    found = {}
    for player in players:
        others = [one for one in players if one != player]
        total: Any = 0.0
        for size in range(number):
            weight = factorial(size) * factorial(number - size - 1) / factorial(number)
            for some in combinations(others, size):
                joined = tuple(one for one in players if one in some or one == player)
                total = total + weight * (value(joined) - value(some))
        found[player] = total
    return found
