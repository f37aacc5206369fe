"""Single numbers are missing, and read as zero."""

from __future__ import annotations

import numpy as np

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the numbers, on average."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Set some numbers to zero. float32 [F] or [L, F] -> the same"""
    return np.where(generator.random(value.shape) < level, np.float32(0), value)
