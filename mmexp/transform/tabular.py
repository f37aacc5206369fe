"""Rows of named numbers and names to one number per column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.base import Transform

UNKNOWN = 0


@dataclass(frozen=True)
class Column:
    """What training knows of one column.

    Args:
        name: Its name.
        numbers: Place of each value among its categories, from 1; None if it holds numbers.
        mean: Of its numbers.
        std: Of its numbers.
    """

    name: str
    numbers: Mapping[str, int] | None
    mean: float = 0.0
    std: float = 1.0

    @staticmethod
    def of(facts: Mapping[str, Any]) -> Column:
        """Read ``{"name", "values"}`` or ``{"name", "mean", "std"}``."""
        if "values" in facts:
            return Column(facts["name"], {value: place for place, value in enumerate(facts["values"], UNKNOWN + 1)})
        return Column(facts["name"], None, facts["mean"], facts["std"])

    def read(self, value: Any) -> float:
        """Standardise a number, ``(x - mean) / std``, or number a category; UNKNOWN for one that training never had.

        Raises:
            DataError: If a number is wanted, and it is none that is finite.
        """
        if self.numbers is not None:
            return self.numbers.get(str(value), UNKNOWN)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"column {self.name!r} must hold a finite number, got {value!r}.")
        return (number - self.mean) / self.std

    def write(self, value: float) -> float | str | None:
        """Return the number or category that was read as a value, None for UNKNOWN."""
        if self.numbers is None:
            return value * self.std + self.mean
        return next((name for name, number in self.numbers.items() if number == value), None)


class TabularTransform(Transform):
    """Standardise the numbers of a row and number its categories; what a row lacks is masked.

    Args:
        columns: Of each column its ``name``, and ``mean`` and ``std`` or the ``values`` that it may have.

    Shape:
        mapping of column -> number or str -> float values [C] with their mask [C].

    Raises:
        ValueError: If there is no column, or a std is not positive.
    """

    def __init__(self, *, columns: Sequence[Mapping[str, Any]]) -> None:
        self.columns = [Column.of(facts) for facts in columns]
        if not self.columns:
            raise ValueError("TabularTransform: columns must have one at least, got none.")
        if wrong := [column for column in self.columns if not column.std > 0]:
            raise ValueError(f"TabularTransform: std must be positive, got {wrong[0].std} of {wrong[0].name!r}.")

    def prepare(self, raw: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        known = [raw.get(column.name) is not None for column in self.columns]
        values = [
            column.read(raw[column.name]) if there else 0.0 for column, there in zip(self.columns, known, strict=True)
        ]
        return torch.tensor(values), torch.tensor(known)

    def collate(self, items: Sequence[tuple[Tensor, Tensor] | None]) -> Padded:
        blank = (torch.zeros(len(self.columns)), torch.zeros(len(self.columns), dtype=torch.bool))
        rows = [item or blank for item in items]
        return Padded(torch.stack([values for values, _ in rows]), torch.stack([mask for _, mask in rows]))
