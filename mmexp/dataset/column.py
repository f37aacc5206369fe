"""Columns of a table that one modality is read from."""

from __future__ import annotations

from collections.abc import Sequence

Column = str | Sequence[str]


def columns_of(column: Column) -> tuple[str, ...]:
    """Return the names of the one column or the several that a modality is read from."""
    return (column,) if isinstance(column, str) else tuple(column)
