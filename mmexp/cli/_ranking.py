"""A table of results on the screen: what does not fit its width is shortened, then left out and named."""

from __future__ import annotations

from mmexp.analysis.column import Column
from mmexp.analysis.compare import Ranking
from mmexp.analysis.table import Table
from mmexp.analysis.text import printable
from mmexp.cli._table import fits, print_table
from mmexp.cli._text import console


def show_table(table: Table, wide: bool = False) -> None:
    """Print a table and the notes below it.

    Args:
        table: Its first column, the metric, ``n`` and the verdict are never left out.
        wide: Whether to print all columns, however wide that is.
    """
    print(printable(table.title))
    names = [_heading(column) for column in table.columns]
    kept = (table.names[0], table.metric, "verdict", "n")
    optional = [name for name in reversed(table.names) if name not in kept]
    rows = table.rows
    if not wide and any(column.short for column in table.columns) and not _fits(table):
        rows = list(zip(*(column.short or column.texts for column in table.columns), strict=True))
    print_table(names, rows, optional=optional, wide=wide, hint="--wide shows all")
    for note in table.notes:
        print(printable(f"{note}\n"))


def differing(one: Ranking, other: Ranking) -> str:
    """Return why two rankings are two: task, dataset, data or tokenize."""
    names = ("task", "dataset", "data", "tokenize")
    return next(name for name, a, b in zip(names, one.benchmark, other.benchmark, strict=True) if a != b)


def _heading(column: Column) -> str:
    """Name a column as ``print_table`` reads it: aligned to the right, or never folded."""
    return f"{column.name}{'>' if column.is_number else '!' if column.is_whole else ''}"


def _fits(table: Table) -> bool:
    """Whether the columns up to the verdict fit as they are."""
    end = 1 + next(i for i, column in enumerate(table.columns) if column.short)
    return fits(table.names[:end], [row[:end] for row in table.rows], console().width)
