"""More light. Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness"."""

from __future__ import annotations

import numpy as np

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Of full brightness, added to every pixel."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Add to all channels. Differs from the source: not to the value of HSV. uint8 [H, W, 3] -> the same"""
    return (value.astype(np.int16) + round(255 * level)).clip(0, 255).astype(np.uint8)
