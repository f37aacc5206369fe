"""Numbers: one vector per sample, or a sequence of vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder

_LARGEST = float(np.finfo(np.float32).max)
_DIGITS = 6  # significant ones that a fact keeps
_FORMS = {1: "one vector of {} numbers", 2: "a sequence of vectors of {} numbers"}


class VectorKind(Kind):
    """Vectors, as float32 [F], or sequences of them, [L, F]."""

    inputs = {"vector": ("vector",)}
    order = 40

    def specificity(self, cell: Any) -> int:
        """Prefer vectors to text for a list without texts."""
        return 2 if isinstance(cell, list) and not any(isinstance(item, str) for item in cell) else 0

    def read(self, cell: Any, folder: Folder) -> np.ndarray:
        return read_vector(cell)

    def identifies(self, values: Sequence[Any]) -> bool:
        return True

    def form(self, value: np.ndarray) -> str:
        return _FORMS[value.ndim].format(value.shape[-1])

    def describe(self, values: Sequence[Any], column: Column, known: Sequence[Any]) -> Mapping[str, Any]:
        return describe(values)

    def features(self, cell: Any, folder: Folder) -> np.ndarray:
        numbers = read_vector(cell)
        if numbers.ndim > 1:
            raise ValueError(f"must be one list of numbers, got {len(numbers)} of them")
        return numbers


def read_vector(value: Any) -> np.ndarray:
    """Check a list of numbers, or a list of such lists. -> float32 [F] or [L, F]

    Raises:
        ValueError: If it is anything else, an inner list has another width, or a number is not finite in float32.
    """
    given = parse(value)
    if not isinstance(given, list) or not given:
        raise ValueError(f"must be a list of numbers, got {value!r}")
    rows = given if isinstance(given[0], list) else [given]
    for row in rows:
        if not isinstance(row, list) or not row or len(row) != len(rows[0]):
            raise ValueError(f"must be vectors of one width, got {_shown(rows[0])} and {_shown(row)}")
        if wrong := [item for item in row if type(item) not in (int, float) or not -_LARGEST <= item <= _LARGEST]:
            raise ValueError(f"must be finite numbers, got {wrong[0]!r}")
    return np.asarray(given, np.float32)


def describe(values: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return the facts of one modality's values, all of one form.

    ``width`` F; ``length`` of the longest sequence, None for single vectors; ``mean`` and ``std`` of each number, 1 for
    one that never changes, so that it may be divided by.
    """
    rows = np.concatenate([value.reshape(-1, value.shape[-1]) for value in values]).astype(np.float64)
    std = rows.std(0)
    return {
        "width": rows.shape[1],
        "length": max(len(value) for value in values) if values[0].ndim == 2 else None,
        "mean": _rounded(rows.mean(0)),
        "std": _rounded(np.where(std > 0, std, 1.0)),
    }


def _shown(row: Any) -> str:
    return f"{len(row)} numbers" if isinstance(row, list) else repr(row)


def _rounded(numbers: np.ndarray) -> list[float]:
    return [float(f"{number:.{_DIGITS}g}") for number in numbers]
