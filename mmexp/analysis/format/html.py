"""HTML: plain tables without style or script, to be put into a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from mmexp.analysis.table import Table
from mmexp.analysis.text import printable


def render(tables: Sequence[Table]) -> str:
    """Return a table for each, with its notes; the best metric is bold if it is the best beyond chance."""
    return "\n".join(line for table in tables for line in _lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield f"<table>\n<caption>{_text(table.title)}</caption>"
    yield f"<thead>{_row(f'<th scope=col>{_text(name)}</th>' for name in table.names)}</thead>\n<tbody>"
    for number, row in enumerate(table.rows):
        best = table.metric if number == table.best else None
        yield _row(f"<td>{_cell(cell, name == best)}</td>" for name, cell in zip(table.names, row, strict=True))
    yield "</tbody>\n</table>"
    yield from (f"<p>{_text(note)}</p>" for note in table.notes)
    yield f"<p><code>{_text(table.command)}</code></p>"
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, best: bool) -> str:
    return f"<strong>{_text(text)}</strong>" if best else _text(text)


def _text(text: str) -> str:
    return escape(printable(text))
