"""A contiguous part of a sequence of vectors is lost; a single vector loses neighbouring numbers. MuteBench, 2026."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.segment import segment

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the steps, or of the numbers of a single vector."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Set it to zero. float32 [F] or [L, F] -> the same"""
    found = value.copy()
    found[segment(len(value), level, generator)] = 0
    return found
