"""Class labels, one per sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.number import is_missing, is_number
from mmexp.run.command import setting


class LabelKind(Kind):
    """One class, as str or int; 1, "1", 1.0 and " 1 " are one. A column of fractions is no column of classes."""

    targets = {"label": ("label",)}
    order = 110
    scalar = True
    fractions = False
    column = ""

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        """Refuse fractions where all labels are numbers, be they written as such or as text."""
        kind = type(self)()
        kind.column = str(column)
        cells = (row.get(str(column)) for row in rows)
        kind.fractions = not all(is_number(cell) for cell in cells if not is_missing(cell))
        return kind

    def check_target(self, value: Any) -> Any:
        return read_class(super().check_target(value), fractions=self.fractions, column=self.column)


def read_class(value: Any, *, fractions: bool = False, column: str = "") -> Any:
    """Check one class, and make an int of a whole number.

    Args:
        value: A text or a number.
        fractions: Whether the text of a fraction, such as ``"1.5"``, is a name like any other.
        column: That it stands in, if it may be a number to predict as well.

    Raises:
        ValueError: If it is a fraction.
    """
    if isinstance(value, float) and value == int(value):
        return int(value)
    if isinstance(value, float) or (not fractions and is_number(value) and float(value) != int(float(value))):
        scores = setting("dataset.targets", {"label": None, "score": column})
        cure = f"To predict a number, set task=regression {scores}; else write names" if column else "Write names"
        raise ValueError(f"must be a class, which is a text or a whole number, got {value!r}. {cure}")
    return value.strip() if isinstance(value, str) else value
