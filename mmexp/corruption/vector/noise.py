"""Gaussian noise on numbers."""

from __future__ import annotations

import numpy as np

LEVELS = (0.1, 0.25, 0.5, 1.0, 2.0)
"""Standard deviation, as a multiple of the root mean square of the vector or sequence."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Add noise to every number. float32 [F] or [L, F] -> the same"""
    size = float(np.sqrt(np.mean(np.square(value, dtype=np.float64))))
    return (value + level * size * generator.standard_normal(value.shape)).astype(np.float32)
