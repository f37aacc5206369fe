"""Tables that fit their terminal: columns are folded, then left out; where it is narrow, rows become blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmexp.cli._text import console, printable

NARROW = 60  # columns of a terminal below which a table that does not fit becomes blocks
_FOLDED = 12  # characters to which a cell may be folded
_GAP = 3  # spaces between columns


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
    return [max(len(text) for text in (name.rstrip("!>"), *(row[i] for row in rows))) for i, name in enumerate(columns)]


def _print_columns(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        kept = column.endswith((">", "!"))
        justify = "right" if column.endswith(">") else "left"
        table.add_column(column.rstrip(">!"), justify=justify, no_wrap=kept, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console(width).print(table)


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print each row as lines of ``name: value``, without those that have no value."""
    from rich.text import Text

    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                console(width).print(Text(f"{name.rstrip('!>')}: {cell}", overflow="fold"))
        print()
