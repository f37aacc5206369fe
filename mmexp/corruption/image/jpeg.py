"""JPEG compression. Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness"."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

LEVELS = (25, 18, 15, 10, 7)
"""Quality, of 100."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Compress an image and decode it again. uint8 [H, W, 3] -> the same"""
    buffer = io.BytesIO()
    Image.fromarray(value).save(buffer, "jpeg", quality=int(level))
    return np.asarray(Image.open(buffer))
