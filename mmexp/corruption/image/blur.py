"""Gaussian blur. Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness"."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

LEVELS = (1.0, 2.0, 3.0, 4.0, 6.0)
"""Standard deviation in pixels of an image whose longer side is 224."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Blur an image. uint8 [H, W, 3] -> the same"""
    radius = level * max(value.shape[:2]) / 224
    return np.asarray(Image.fromarray(value).filter(ImageFilter.GaussianBlur(radius)))
