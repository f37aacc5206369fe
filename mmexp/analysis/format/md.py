"""Markdown, as GitHub shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mmexp.analysis.table import Table
from mmexp.analysis.text import printable


def render(tables: Sequence[Table]) -> str:
    """Return the tables, one below the other; the best metric is bold if it is the best beyond chance."""
    return "\n".join(line for table in tables for line in _lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield f"**{_escaped(table.title)}**\n"
    yield _row([_escaped(name) for name in table.names])
    yield _row(["--:" if column.is_number else "---" for column in table.columns])
    for number, row in enumerate(table.rows):
        cells = [_escaped(cell) for cell in row]
        best = table.metric if number == table.best else None
        yield _row([f"**{c}**" if name == best else c for name, c in zip(table.names, cells, strict=True)])
    yield from (f"\n{_escaped(note)}" for note in table.notes)
    yield f"\n{_escaped(table.command)}"
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Spell out what Markdown or HTML would read as its own."""
    plain = re.sub(r"([\\`*_{}\[\]|#~$])", r"\\\1", printable(text).replace("\n", " "))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
