"""Consecutive frames of a video are lost. MuteBench, 2026."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.segment import segment

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the frames."""


def corrupt(value: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    """Leave frames out that follow on one another, never all of them. uint8 [T, H, W, 3] -> [T', H, W, 3]"""
    lost = segment(len(value), min(level, 1 - 1 / len(value)), generator)
    return np.delete(value, lost, axis=0)
