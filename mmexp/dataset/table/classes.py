"""Classes of a target."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmexp.dataset.kind.base import Kind


def classes_in(kind: Kind, values: Iterable[Any]) -> list[str | int]:
    """Return the classes that the values of a target have, sorted, if all are texts or whole numbers, else none.

    Args:
        kind: Of the target; it says what a class of a value is.
        values: Of the training split.
    """
    if not kind.classed:
        return []
    flat = [item for value in values for item in kind.members(value)]
    if not all(isinstance(item, str | int) for item in flat):
        return []
    return kind.unique(flat)
