"""Reads rows of named numbers and names, and says what the training split's have in common."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.dataset.table.reader import absent

_DIGITS = 6  # significant ones that a fact keeps

Cell = int | float | str


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing; NaN says nothing."""
    return absent(value) or str(value).strip().lower() == "nan"


def read_row(cells: Mapping[str, Any]) -> dict[str, Cell]:
    """Check the cells of a row that are filled; true and false become texts.

    Raises:
        ValueError: If a cell is no finite number and no text.
    """
    row: dict[str, Cell] = {}
    for column, value in cells.items():
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, int | float | str) or (isinstance(value, float) and math.isinf(value)):
            raise ValueError(f"column {column!r} must be a finite number or a text, got {value!r}")
        row[column] = value
    return row


def read_typed_row(value: Any) -> Any:
    """Give a JSON object, as it is typed or stands in one cell, as a mapping.

    Raises:
        ValueError: If it is anything else.
    """
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        raise ValueError(f'must be columns with their values, such as {{"age": 3}}, got {value!r}')
    return found


def is_number(value: Cell) -> bool:
    """Whether a cell is a finite number, or a text that tells one, as every cell of a CSV is."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def describe(
    rows: Sequence[Mapping[str, Cell]], columns: Sequence[str], known: Sequence[Mapping[str, Cell]] | None = None
) -> list[dict[str, Any]]:
    """Facts of each column in order: of numbers ``mean`` and ``std``, of anything else ``values``, sorted texts.

    Args:
        rows: Of the training split.
        columns: Their names.
        known: All rows, where a column is of numbers only if every cell is; the training split's if None.
    """
    found = []
    for column in columns:
        values, others = ([row[column] for row in part if column in row] for part in (rows, known or rows))
        is_numeric = all(map(is_number, others))
        told = moments(map(float, values)) if is_numeric else {"values": sorted({str(value) for value in values})}
        found.append({"name": column, **told})
    return found


def moments(numbers: Iterable[float]) -> dict[str, float]:
    """``mean`` and ``std`` of some numbers, 1 if they never change, so that it may be divided by."""
    values = np.asarray(list(numbers), np.float64)
    if not len(values):
        return {"mean": 0.0, "std": 1.0}
    return {"mean": _rounded(values.mean()), "std": _rounded(values.std()) or 1.0}


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
