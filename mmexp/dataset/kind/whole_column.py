"""What a kind decides from all cells of a column together; the defaults decide nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from mmexp.dataset.column import Column
from mmexp.dataset.kind.cell import absent
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.number import Decimal
from mmexp.transform.spelling import Name, distinct


class Undecided(ValueError):
    """A column that can be read in several ways.

    Args:
        message: The rest of a line that starts with the modality.
        row: Place of a row that shows it.
        hint: What to set.
    """

    def __init__(self, message: str, row: int, hint: str) -> None:
        super().__init__(message)
        self.row, self.hint = row, hint


class WholeColumn:
    """Read a column by all of its cells, in whatever order they stand."""

    def claims(self, cells: Collection[Any]) -> bool:
        """Return whether the filled cells of a column, all together, are of this kind; asked before any single one."""
        return False

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        """Return this kind as all cells of a column together ask for, such as one that reads decimal commas.

        Args:
            rows: Cells by column, of all splits.
            column: It is read from.
            trained: Facts of the modality from training, empty before there are any.

        Raises:
            Undecided: If the cells can be read in several ways.
        """
        return self

    def with_decimal(self, decimal: Decimal) -> Self:
        """Return this kind for a table whose numbers have such a decimal sign, where none is set for the kind."""
        return self

    def is_blank(self, column: str, cell: Any) -> bool:
        """Return whether a cell of a column counts as missing."""
        return absent(cell)

    def extent(self, column: str, cells: Sequence[Any]) -> str:
        """Return what a column comes to, such as the range of its numbers; empty if there is no such thing."""
        return ""

    def settle(self, name: str, inspected: Sequence[Inspection]) -> None:
        """Decide what only all files of a column together say, before any row is checked.

        Args:
            name: Of the modality, or target.
            inspected: Its files that can be read.

        Raises:
            DataError: If they can be read in several ways.
        """

    def describe_target(self) -> Mapping[str, Any]:
        """Return facts of a target by which another table is read as the one that was trained on."""
        return {}

    def notes(self, name: str) -> list[str]:
        """Return lines that say what was decided of a column, in addition to its kind."""
        return []

    def unique(self, members: Sequence[Name]) -> list[Name]:
        """Return each class once, sorted; by default 1, "1" and " 1 " are one."""
        return distinct(members)
