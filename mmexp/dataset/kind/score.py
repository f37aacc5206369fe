"""Scores: one number per sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.number import Decimal, decimal_of, read_number, span
from mmexp.dataset.kind.tabular import moments


class ScoreKind(Kind):
    """A finite number, as float; thousands and decimal commas are read where a column leaves no doubt.

    Args:
        decimal: ``point`` or ``comma``; None reads it from the column.

    Raises:
        ValueError: If decimal is neither.
    """

    targets = {"score": ("score",)}
    order = 190
    classed = False

    def __init__(self, *, decimal: Decimal | None = None) -> None:
        if decimal not in (None, "point", "comma"):
            raise ValueError(f"ScoreKind: decimal must be point, comma or null, got {decimal!r}.")
        self.decimal = decimal

    def for_column(self, rows: Sequence[Mapping[str, Any]], column: Column, trained: Mapping[str, Any]) -> Self:
        return type(self)(decimal=self.decimal or decimal_of(row.get(str(column)) for row in rows))

    def with_decimal(self, decimal: Decimal) -> Self:
        return type(self)(decimal=self.decimal or decimal)

    def extent(self, column: str, cells: Sequence[Any]) -> str:
        decimal = self.decimal or "point"
        return span((read_number(cell, decimal) for cell in cells), decimal)

    def check_target(self, value: Any) -> float:
        if self.decimal is None and isinstance(value, str) and "," in value:
            cure = "Set kind.score.decimal=point or kind.score.decimal=comma"
            raise ValueError(f"must show what its commas mean, got {value!r}. {cure}")
        return read_score(value, self.decimal or "point")

    def summarise(self, values: Iterable[Any]) -> Any:
        """Return mean and standard deviation."""
        return moments(values)


def read_score(value: Any, decimal: Decimal = "point") -> float:
    """Check one number; in a CSV, the text of one.

    Raises:
        ValueError: If it is anything else, or not finite.
    """
    if (number := read_number(value, decimal)) is None:
        raise ValueError(f"must be a finite number, got {value!r}")
    return number
