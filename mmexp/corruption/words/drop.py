"""A contiguous part of a list of words is lost. MuteBench, 2026."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.segment import segment

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the words."""


def corrupt(value: list[str], level: float, generator: np.random.Generator) -> list[str]:
    """Leave words out that follow on one another."""
    lost = segment(len(value), level, generator)
    return [*value[: lost.start], *value[lost.stop :]]
