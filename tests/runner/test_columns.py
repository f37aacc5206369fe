from __future__ import annotations

import io

from rich.console import Console

from mmexp.dataset.table.overview import ColumnOverview
from mmexp.runner.columns import show_columns, show_notes


def screen(width: int = 200) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width), file


def test_columns_are_shown_within_80_characters():
    console, file = screen()
    values = "12: " + "a very long name of a class, " * 5
    rows = [
        ColumnOverview("age", "tabular", "tabular", "3 to 77", 2, "31"),
        ColumnOverview("y", "y", "label", values, 0, "x\x1b"),
    ]
    show_columns(rows, console)
    assert max(map(len, file.getvalue().splitlines())) <= 80
    first = next(line for line in file.getvalue().splitlines() if "age" in line)
    assert first.split() == ["age", "tabular", "tabular", "3", "to", "77", "2", "31"] and "x\\x1b" in file.getvalue()


def test_nothing_is_shown_of_nothing():
    console, file = screen()
    show_columns([], console)
    show_notes([], console)
    assert file.getvalue() == ""
    show_notes(["a [b] " * 50], console)
    assert file.getvalue() == "note: " + "a [b] " * 50 + "\n"
