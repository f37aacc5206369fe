"""Sequences of vectors with the time of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.kind.cell import absent, parse
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.vector import VectorKind, read_vector


class TimeSeriesKind(VectorKind):
    """Sequences of vectors, or of numbers, as float32 [L, F], read from a column and, if there is one, that of times.

    With times, ``dataset.inputs.time_series=[values,times]``, each vector has one more number: the time since the one
    before it, 0 for the first.
    """

    inputs = {"time_series": ()}
    order = 75
    encoder = "vector"
    several = True

    def specificity(self, cell: Any) -> int:
        """Take no cell for it that is not named so."""
        return 0

    def pick(self, values: Mapping[str, Any], column: Column) -> list[Any] | None:
        cells = [values.get(name) for name in columns_of(column)]
        return None if absent(cells[0]) else cells

    def from_word(self, word: str) -> list[Any]:
        return [word]

    def read(self, cell: Sequence[Any], folder: Folder) -> np.ndarray:
        series, *times = cell
        if len(times) > 1:
            raise ValueError(f"must be read from a column of values and one of times, got {len(cell)} columns")
        numbers = read_vector(series)
        rows = numbers if numbers.ndim == 2 else numbers[:, None]
        return np.column_stack([rows, *(read_steps(one, len(rows)) for one in times)])


def read_steps(times: Any, length: int) -> np.ndarray:
    """Return the time since the one before, from the times of so many vectors. -> float32 [L]

    Raises:
        ValueError: If they are no numbers, more or fewer of them, or one is before the last.
    """
    if read_vector(times).shape != (length,):
        raise ValueError(f"must have one time for each of {length} vectors, got {np.shape(parse(times))} times")
    exact = np.asarray(parse(times), np.float64)  # seconds since 1970 do not fit in float32
    steps = np.diff(exact, prepend=exact[0])
    if steps.min() < 0:
        place = int(steps.argmin())
        raise ValueError(f"must have times that do not decrease, got {exact[place - 1]:g} and then {exact[place]:g}")
    return steps.astype(np.float32)
