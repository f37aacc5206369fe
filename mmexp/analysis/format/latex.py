"""LaTeX for a paper, with the package booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmexp.analysis.table import Table
from mmexp.analysis.text import printable

_SPELLED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "–": "--",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
"""How a character is written that LaTeX would read as its own; brackets would begin an option after a line's end."""


def render(tables: Sequence[Table]) -> str:
    """Return a table for each, with its notes; the best metric is bold if it is the best beyond chance."""
    head = r"% needs \usepackage{booktabs} and \usepackage[T1]{fontenc}"
    return "\n".join([head, *(line for table in tables for line in _lines(table))])


def _lines(table: Table) -> Iterator[str]:
    yield f"% {printable(table.command)}".replace("\n", " ")
    yield r"\begin{table}"
    yield r"  \centering"
    yield f"  \\caption{{{escaped(table.title)}}}"
    yield f"  \\begin{{tabular}}{{{''.join('r' if column.is_number else 'l' for column in table.columns)}}}"
    yield r"    \toprule"
    yield _row([escaped(name) for name in table.names])
    yield r"    \midrule"
    for number, row in enumerate(table.rows):
        best = table.metric if number == table.best else None
        yield _row([_bold(c) if name == best else escaped(c) for name, c in zip(table.names, row, strict=True)])
    yield r"    \bottomrule"
    yield r"  \end{tabular}"
    yield from (f"  \\par\\footnotesize {escaped(note)}" for note in table.notes)
    yield "\\end{table}\n"


def _row(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _bold(cell: str) -> str:
    return f"\\textbf{{{escaped(cell)}}}"


def escaped(text: str) -> str:
    """Spell out what LaTeX would read as its own."""
    return "".join(_SPELLED.get(character, character) for character in printable(text).replace("\n", " "))
