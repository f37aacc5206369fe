"""Rows of named numbers and categories."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.folder import Folder

_DIGITS = 6  # significant ones that a fact keeps

Cell = int | float | str


class TabularKind(Kind):
    """Rows of a table: columns with a number or a category each; an empty cell is left out."""

    inputs = {"tabular": ()}
    order = 70
    several = True

    def pick(self, values: Mapping[str, Any], column: Column) -> Any:
        cells = {one: values.get(one) for one in columns_of(column)}
        if isinstance(column, str) and isinstance(whole := cells[column], Mapping):
            cells = dict(whole)
        return {one: cell for one, cell in cells.items() if not is_blank(cell)} or None

    def from_word(self, word: str) -> Mapping[str, Any]:
        return parse_row(word)

    def read(self, cell: Any, folder: Folder) -> dict[str, Cell]:
        return read_row(cell)

    def describe(self, values: Sequence[Any], column: Column, known: Sequence[Any]) -> Mapping[str, Any]:
        return {"columns": describe(values, columns_of(column), known)}


def is_blank(value: Any) -> bool:
    """Return whether a cell is empty; NaN is."""
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


def parse_row(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, as it is typed or stands in one cell, as a mapping.

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
    """Return whether a cell is a finite number, or the text of one, as every cell of a CSV is."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def describe(
    rows: Sequence[Mapping[str, Cell]], columns: Sequence[str], known: Sequence[Mapping[str, Cell]] | None = None
) -> list[dict[str, Any]]:
    """Return the facts of each column: ``mean`` and ``std`` of numbers, sorted ``values`` of categories.

    Args:
        rows: Of the training split.
        columns: Their names.
        known: All rows, where a column is of numbers only if every cell is; the training split's if None.
    """
    found = []
    for column in columns:
        values, others = ([row[column] for row in part if column in row] for part in (rows, known or rows))
        is_numeric = all(map(is_number, others))
        facts = moments(map(float, values)) if is_numeric else {"values": sorted({str(value) for value in values})}
        found.append({"name": column, **facts})
    return found


def moments(numbers: Iterable[float]) -> dict[str, float]:
    """Return ``mean`` and ``std`` of some numbers; std is 1 if they never change, so that it may be divided by."""
    values = np.asarray(list(numbers), np.float64)
    if not len(values):
        return {"mean": 0.0, "std": 1.0}
    return {"mean": _rounded(values.mean()), "std": _rounded(values.std()) or 1.0}


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
