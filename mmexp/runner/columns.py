"""Show what the columns of a dataset are taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mmexp.dataset.table.overview import ColumnOverview

_WIDTH = 80


def show_columns(columns: Sequence[ColumnOverview], console: Console) -> None:
    """Print a table of them, at most 80 columns wide; nothing if there are none."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not columns:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, width=min(_WIDTH, console.width))
    for name in ("column", "read as", "kind", "range or classes", "missing", "example"):
        table.add_column(name, justify="right" if name == "missing" else "left", overflow="fold")
    for one in columns:
        cells = (one.column, one.role, one.kind, one.values, str(one.missing), one.example)
        table.add_row(*(Text(_printable(cell)) for cell in cells))
    console.print(table)


def show_notes(notes: Sequence[str], console: Console) -> None:
    """Print what a user should know of the data, a line each."""
    for note in notes:
        console.print(f"note: {_printable(note)}", highlight=False, markup=False, soft_wrap=True)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
