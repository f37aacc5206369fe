"""What the values of a target tell of its classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mmexp.error import ConfigError

UNCLASSED = ("captions", "transcript", "score", "image", "audio", "reply", "anomaly")
CANDIDATES = {"item": "items", "tail": "head"}
"""Targets chosen among all symbols that occur, with the input that has them too."""


def classes_in(target: str, values: Iterable[Any]) -> list[str | int]:
    """Give the values of a target, sorted, if all are texts or whole numbers, else none.

    Of a list its members count, of objects their categories.
    """
    if target in UNCLASSED:
        return []
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if target == "objects":
        flat = [one["category"] for one in flat]
    if not all(isinstance(item, str | int) for item in flat):
        return []
    return sorted(set(flat), key=lambda item: (type(item).__name__, item))


def read_names(given: Any) -> list[str | None] | None:
    """Check names by number, null where a number has none; None stays None.

    Raises:
        ConfigError: If it is no list of texts, or none has a name.
    """
    if given is None:
        return None
    names = [] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    if not any(names) or not all(name is None or (isinstance(name, str) and name) for name in names):
        rule = "must be a list of names, or null for what counts for nothing"
        raise ConfigError(f"dataset.classes.mask {rule}, got {given!r}. Type dataset.classes.mask=[sky,road].")
    return names


def name_numbers(names: Sequence[str | None] | None, top: int) -> list[str | int]:
    """Name the numbers of a mask in order, up to the last that has a name, or up to ``top`` if none are given."""
    if names is None:
        return [str(number) for number in range(top + 1)]
    named = [number for number, name in enumerate(names) if name is not None]
    return [names[number] or str(number) for number in range(max(named, default=-1) + 1)]
