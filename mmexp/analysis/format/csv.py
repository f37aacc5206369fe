"""CSV with all digits, one header for all tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmexp.analysis.cell import cell
from mmexp.analysis.column import Column
from mmexp.analysis.compare import Score
from mmexp.analysis.table import Table
from mmexp.analysis.text import printable

_FORMULA = ("=", "+", "-", "@")
"""Begin what a spreadsheet would compute."""


def render(tables: Sequence[Table]) -> str:
    """Return a row for each row of each table; a score fills two columns, a verdict several."""
    rows = [row for table in tables for row in _rows(table)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, header, restval="", lineterminator="\n")
    writer.writerow({name: _safe(name) for name in header})
    writer.writerows(rows)
    return written.getvalue()


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    for number in range(len(table.rows)):
        own = {"table": _safe(table.title)}
        for column in table.columns:
            own |= {name: _safe(value) for name, value in _cells(column, number)}
        yield own


def _cells(column: Column, row: int) -> Iterator[tuple[str, Any]]:
    """Name and value of each column that one fills."""
    value = column.values[row]
    if isinstance(value, Score):
        yield from ((column.name, value.mean), (f"{column.name} std", value.std))
    elif isinstance(value, Mapping):
        names = ("outcome", "baseline", "difference", "low", "high", "p", "holm")
        yield from ((f"{column.name} {name}", value.get(name)) for name in names)
    else:
        yield column.name, value


def _safe(value: Any) -> Any:
    """Return a number as it is, and a text so that no spreadsheet computes it."""
    if value is None or isinstance(value, int | float):
        return value
    text = printable(cell(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
