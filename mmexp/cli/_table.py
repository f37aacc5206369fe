"""Tables that fit their terminal: columns are folded, then left out; where it is narrow, rows become blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from mmexp.cli._text import console, printable

NARROW = 60  # columns of a terminal below which a table that does not fit becomes blocks
_FOLDED = 12  # characters to which a cell may be folded
_GAP = 3  # spaces between columns
_COMBINING = "\u0300"  # all characters before it take one column


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    optional: Sequence[str] = (),
    wide: bool = False,
    hint: str = "a wider terminal shows all",
) -> None:
    """Print a table, and which columns were left out for lack of room.

    Args:
        columns: Headings. One that ends with ``>`` is right-aligned, one that ends with ``!`` is never folded.
        rows: Cells; whatever they are, they are shown as text.
        optional: Headings that may be left out, the first one first.
        wide: Whether to print all columns, however wide that is.
        hint: How to see what was left out.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    width = console().width
    if width < NARROW and not wide and not fits(columns, cells, width):
        _print_blocks(columns, cells, width)
        return
    kept = list(range(len(columns)))
    for name in optional:
        if wide or _folds_to([columns[i] for i in kept], [[row[i] for i in kept] for row in cells]) <= width:
            break
        kept = [i for i in kept if columns[i].rstrip("!>") != name]
    shown = [columns[i] for i in kept], [[row[i] for i in kept] for row in cells]
    _print_columns(*shown, max(width, _size(*shown)) if wide else width)
    if left_out := [name.rstrip("!>") for i, name in enumerate(columns) if i not in kept]:
        console().print(f"Left out: {', '.join(left_out)} ({hint})\n")


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Return whether a table is at most so wide with nothing folded."""
    return _size(columns, rows) <= width


def _size(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    return sum(size + _GAP for size in _sizes(columns, rows))


def _folds_to(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The width of a table whose cells are folded where they may be."""
    sizes = zip(columns, _sizes(columns, rows), strict=True)
    return sum((size if name.endswith(("!", ">")) else min(size, _FOLDED)) + _GAP for name, size in sizes)


def _sizes(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(_length(text) for text in (name.rstrip("!>"), *(row[i] for row in rows))) for i, name in enumerate(columns)
    ]


def _print_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    names, kept = [name.rstrip("!>") for name in columns], [name.endswith(("!", ">")) for name in columns]
    sizes = _narrowed(_sizes(columns, rows), kept, width)
    right = [name.endswith(">") for name in columns]

    def lines(cells: Sequence[str]) -> Iterator[str]:
        folded = [[cell] if keep else _fold(cell, size) for cell, size, keep in zip(cells, sizes, kept, strict=True)]
        for parts in zip_longest(*folded, fillvalue=""):
            padded = (_pad(*part) for part in zip(parts, sizes, right, strict=True))
            yield f" {(' ' * _GAP).join(padded)}".rstrip()

    rule = f" {'─' * (sum(sizes) + _GAP * (len(sizes) - 1))}"
    print("\n".join(["", *lines(names), rule, *(line for row in rows for line in lines(row)), ""]))


def _narrowed(sizes: list[int], kept: Sequence[bool], width: int) -> list[int]:
    """Take from the widest columns that may be folded what does not fit."""
    sizes = list(sizes)
    while sum(sizes) + _GAP * len(sizes) > width:
        widest = max((i for i, keep in enumerate(kept) if not keep), key=lambda i: sizes[i], default=None)
        if widest is None or sizes[widest] == 1:
            break
        sizes[widest] -= 1
    return sizes


def _fold(text: str, size: int) -> list[str]:
    """Break a cell into lines, between words where that can be."""
    if _length(text) <= size and "\n" not in text:
        return [text]
    if _length(text) == len(text):
        return [part for line in text.split("\n") for part in wrap(line, size, break_on_hyphens=False) or [""]]
    from rich.cells import chop_cells

    return [part for line in text.split("\n") for part in chop_cells(line, max(size, 2)) or [""]]


def _pad(text: str, size: int, right: bool) -> str:
    blanks = " " * (size - _length(text))
    return blanks + text if right else text + blanks


def _length(text: str) -> int:
    """Columns of a terminal that a text takes: a Chinese character takes two."""
    if text.isascii() or max(text) < _COMBINING:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print each row as lines of ``name: value``, without those that have no value."""
    from rich.text import Text

    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                console(width).print(Text(f"{name.rstrip('!>')}: {cell}", overflow="fold"))
        print()
