"""Gaussian noise. Hendrycks and Dietterich 2019, "Benchmarking Neural Network Robustness"."""

from __future__ import annotations

import numpy as np

LEVELS = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Standard deviation, as a share of full brightness."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Add noise to every number of an image, or of the frames of a video. uint8 [..., 3] -> the same"""
    noisy = value + 255 * level * generator.standard_normal(value.shape, np.float32)
    return np.asarray(np.rint(noisy.clip(0, 255)), np.uint8)
