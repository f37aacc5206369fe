"""Cells of a table: empty ones, and those of a CSV that hold JSON text."""

from __future__ import annotations

import json
from typing import Any


def absent(value: Any) -> bool:
    """Return whether a cell is empty: null, an empty text or an empty list."""
    return value is None or value == "" or value == []


def parse(value: Any) -> Any:
    """Return a cell of JSON text, as a CSV has it, as the list it holds; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def as_list(value: Any) -> Any:
    """Return a cell of one or many values as a list; an empty one as it is."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return value if isinstance(value, list) or absent(value) else [value]
