"""A grey rectangle covers a part of an image. DeVries and Taylor 2017, "Improved Regularization with Cutout"."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.segment import segment

LEVELS = (0.1, 0.2, 0.3, 0.45, 0.6)
"""Share of the area."""
GREY = 128


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Cover a rectangle of the form of the image, anywhere in it. uint8 [H, W, 3] -> the same"""
    found = value.copy()
    rows, columns = (segment(size, level**0.5, generator) for size in value.shape[:2])
    found[rows, columns] = GREY
    return found
