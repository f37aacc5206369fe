"""Gaussian blur of every frame."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.image import blur

LEVELS = blur.LEVELS


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Blur each frame. uint8 [T, H, W, 3] -> the same"""
    return np.stack([blur.corrupt(frame, level, generator) for frame in value])
