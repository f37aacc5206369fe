"""What each column of a table is: its kind, its range or classes, and how many cells are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.kinds import Kinds
from mmexp.dataset.table.classes import classes_in
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields

_LONGEST = 24  # characters of an example
_LISTED = 4  # classes


@dataclass(frozen=True)
class ColumnOverview:
    """One column as it is read.

    Args:
        column: Its name.
        role: Modality or target that is read from it.
        kind: Name of its kind; of a target ``target``, if any value will do.
        values: Range or classes; empty if it has neither.
        missing: Cells that are empty or hold a mark.
        example: The first filled cell, shortened.
    """

    column: str
    role: str
    kind: str
    values: str
    missing: int
    example: str


def overview(
    inputs: Mapping[str, Column], targets: Mapping[str, str], fields: Fields, records: Sequence[Record], kinds: Kinds
) -> list[ColumnOverview]:
    """Describe every column that is read, by its cells alone; no file is opened.

    Args:
        inputs: Modality -> column, or columns.
        targets: Target -> column.
        fields: Kind of each.
        records: The table.
        kinds: All that are known.
    """
    return [
        *(
            one
            for name, column in inputs.items()
            for one in _columns(name, column, fields.inputs[name], records, kinds)
        ),
        *(_target(name, column, fields.targets[name], records, kinds) for name, column in targets.items()),
    ]


def _columns(
    name: str, column: Column, kind: Kind, records: Sequence[Record], kinds: Kinds
) -> Iterator[ColumnOverview]:
    for one in columns_of(column):
        cells = [record.values.get(one) for record in records]
        filled = [cell for cell in cells if not kind.is_blank(one, cell)]
        missing = len(cells) - len(filled)
        yield ColumnOverview(one, name, kinds.own_name(kind), kind.extent(one, filled), missing, _example(filled))


def _target(name: str, column: str, kind: Kind, records: Sequence[Record], kinds: Kinds) -> ColumnOverview:
    cells = [record.values.get(column) for record in records]
    filled = [cell for cell in cells if not absent(cell)]
    own = "target" if type(kind) is Kind else kinds.own_name(kind)
    return ColumnOverview(column, name, own, _classes(kind, column, filled), len(cells) - len(filled), _example(filled))


def _classes(kind: Kind, column: str, filled: Sequence[object]) -> str:
    """Return the range of the cells of a target, else its classes."""
    if extent := kind.extent(column, filled):
        return extent
    read = []
    for cell in filled:
        try:
            read.append(kind.read_target(cell))
        except ValueError:
            continue  # refused by row, where it is read
    return listed(classes_in(kind, read))


def listed(classes: Sequence[object]) -> str:
    """Return the number of classes and the first ones; empty if there are none."""
    shown = ", ".join(map(str, classes[:_LISTED])) + (" ..." if len(classes) > _LISTED else "")
    return f"{len(classes)}: {shown}" if classes else ""


def _example(filled: Sequence[object]) -> str:
    text = " ".join(str(filled[0]).split()) if filled else ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
