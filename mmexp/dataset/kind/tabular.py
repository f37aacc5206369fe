"""Rows of named numbers and categories."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Self, get_args

import numpy as np

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.number import (
    MISSING,
    Decimal,
    decimal_of,
    is_missing,
    is_number,
    read_number,
    resembles_number,
    span,
)
from mmexp.dataset.kind.whole_column import Undecided
from mmexp.run.command import setting

_DIGITS = 6  # significant ones that a fact keeps
_DISTINCT = 0.9  # of all rows
_FEW = 4  # a quarter of the cells of a column

Cell = int | float | str


class TabularKind(Kind):
    """Rows of a table: columns with a number or a category each; an empty cell is left out.

    A column is one of numbers if most of its filled cells are. A missing mark in it is an empty cell, anything
    else that is no number is refused. A comma may part thousands or be the decimal one, where a column leaves no doubt.

    Args:
        missing: Marks of a missing number, in any case.
        decimal: ``point`` or ``comma``; None reads it from each column.
        categories: Columns that hold categories, though they look like numbers.

    Raises:
        ValueError: If decimal is neither.
    """

    inputs = {"tabular": ()}
    order = 70
    several = True

    def __init__(
        self,
        *,
        missing: Sequence[str] = MISSING,
        decimal: Decimal | None = None,
        categories: Sequence[str] = (),
    ) -> None:
        if decimal not in (None, "point", "comma"):
            raise ValueError(f"TabularKind: decimal must be point, comma or null, got {decimal!r}.")
        self.missing, self.decimal, self.categories = tuple(missing), decimal, tuple(categories)
        self.numeric: dict[str, Decimal] = {}
        self._resembling: dict[str, str] = {}

    def claims(self, cells: Collection[Any]) -> bool:
        return self._is_numeric(cells)

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        kind = type(self)(missing=self.missing, decimal=self.decimal, categories=self.categories)
        parts = [_cells(row, column) for row in rows]
        cells = {name: [part.get(name) for part in parts] for name in dict.fromkeys(chain(*parts))}
        known = {one["name"]: one for one in trained.get("columns", ())}
        for name, given in cells.items():
            numeric = "mean" in known[name] if name in known else self._is_numeric(given)
            if name in self.categories:
                continue
            if numeric:
                kind.numeric[name] = self._decimal(name, given, known.get(name, {}).get("decimal"))
            elif note := self._resemblance(name, given):
                kind._resembling[name] = note
        return kind

    def with_decimal(self, decimal: Decimal) -> Self:
        return type(self)(missing=self.missing, decimal=self.decimal or decimal, categories=self.categories)

    def pick(self, values: Mapping[str, Any], column: Column) -> Any:
        cells = _cells(values, column)
        return {one: cell for one, cell in cells.items() if not self.is_blank(one, cell)} or None

    def from_word(self, word: str) -> Mapping[str, Any]:
        return parse_row(word)

    def read(self, cell: Any, folder: Folder) -> dict[str, Cell]:
        row = read_row(cell)
        for name, decimal in self.numeric.items():
            number = read_number(row[name], decimal) if name in row else None
            if name in row and number is None:
                cure = self._cure(name, str(row[name]))
                rule = f"column {name!r} must be a finite number, as most of its cells are"
                raise ValueError(f"{rule}, got {row[name]!r}. {cure}")
            if number is not None and (decimal == "comma" or not is_plain(row[name])):
                row[name] = number
        return row

    def identifies(self, values: Sequence[Any]) -> bool:
        """Take equal rows for one sample, unless so many are equal that it is by chance."""
        distinct = {json.dumps(value, sort_keys=True, default=str) for value in values}
        return len(distinct) >= _DISTINCT * len(values)

    def describe(self, values: Sequence[Any], column: Column, known: Sequence[Any]) -> Mapping[str, Any]:
        names = columns_of(column)
        commas = {name: {"decimal": way} for name, way in self.numeric.items() if way == "comma"}
        return {"columns": [one | commas.get(one["name"], {}) for one in describe(values, names, self.numeric)]}

    def is_blank(self, column: str, cell: Any) -> bool:
        return is_missing(cell, self.missing if column in self.numeric else ())

    def extent(self, column: str, cells: Sequence[Any]) -> str:
        if decimal := self.numeric.get(column):
            return span((read_number(cell, decimal) for cell in cells), decimal)
        names = {str(cell) for cell in cells}
        return f"{len(names)} categories" if names else ""

    def notes(self, name: str) -> list[str]:
        return list(self._resembling.values())

    def _resemblance(self, name: str, cells: Sequence[Any]) -> str:
        """Return a line about categories a good part of which look like numbers; empty if they do not."""
        filled = [cell for cell in cells if not is_missing(cell, self.missing)]
        resembling = sorted(str(cell) for cell in filled if resembles_number(cell))
        numbers = sum(map(is_number, filled))
        if not filled or _FEW * (len(resembling) + numbers) < len(filled):
            return ""
        shown = resembling or sorted(str(cell) for cell in filled if is_number(cell))
        rule = f"{len(shown)} of {len(filled)} cells, such as {shown[0]!r}, look like numbers but are categories"
        names = setting("kind.tabular.categories", [*self.categories, name])
        return f"column {name!r}: {rule}. Write plain numbers, or set {names} if they are none"

    def _cure(self, name: str, cell: str) -> str:
        marks = setting("kind.tabular.missing", [*self.missing, cell])
        names = setting("kind.tabular.categories", [*self.categories, name])
        return f"Set {marks} if it marks a missing number, or {names} if the column holds categories"

    def _is_numeric(self, cells: Iterable[Any]) -> bool:
        """Return whether most of the filled cells are numbers, in either way to write decimals."""
        filled = [cell for cell in cells if not is_missing(cell, self.missing)]
        numbers = sum(any(read_number(cell, way) is not None for way in get_args(Decimal)) for cell in filled)
        return 2 * numbers > len(filled)

    def _decimal(self, name: str, cells: Sequence[Any], trained: Decimal | None) -> Decimal:
        if self.decimal:
            return self.decimal
        found = decimal_of(cells)
        if trained and (found is None or _count(cells, trained) >= _count(cells, found)):
            return trained
        if found:
            return found
        row = min((n for n, cell in enumerate(cells) if isinstance(cell, str) and "," in cell), key=cells.__getitem__)
        point, comma = (read_number(cells[row], way) for way in get_args(Decimal))
        raise Undecided(
            f"column {name!r} must show what its commas mean, got only such as {cells[row]!r}",
            row=row,
            hint=f"Set kind.tabular.decimal=point to read it as {point:g}, or kind.tabular.decimal=comma as {comma:g}.",
        )


def _count(cells: Iterable[Any], decimal: Decimal) -> int:
    return sum(read_number(cell, decimal) is not None for cell in cells)


def _cells(values: Mapping[str, Any], column: Column) -> dict[str, Any]:
    """Return the cells of one row by column; those of a JSON object that stands in one cell by its keys."""
    if isinstance(column, str) and isinstance(whole := values.get(column), Mapping):
        return dict(whole)
    return {one: values.get(one) for one in columns_of(column)}


def is_plain(cell: Cell) -> bool:
    """Return whether a cell is a number as Python writes it."""
    try:
        return not isinstance(cell, str) or math.isfinite(float(cell))
    except ValueError:
        return False


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


def describe(
    rows: Sequence[Mapping[str, Cell]], columns: Sequence[str], numeric: Collection[str]
) -> list[dict[str, Any]]:
    """Return the facts of each column: ``mean`` and ``std`` of numbers, sorted ``values`` of categories.

    Args:
        rows: Of the training split.
        columns: Their names.
        numeric: Those that hold numbers.
    """
    found = []
    for column in columns:
        values = [row[column] for row in rows if column in row]
        names = {"values": sorted({str(value) for value in values})}
        facts = moments(map(float, values)) if column in numeric else names
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
