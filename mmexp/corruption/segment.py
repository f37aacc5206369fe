"""A contiguous part of a sequence."""

from __future__ import annotations

import numpy as np


def segment(length: int, share: float, generator: np.random.Generator) -> slice:
    """Draw where a contiguous part of a sequence lies, of the given share of its length, rounded.

    Source: within-modality missing, Zheng et al. 2026, "MuteBench", https://arxiv.org/abs/2605.15235.
    """
    size = round(length * share)
    start = int(generator.integers(length - size + 1))
    return slice(start, start + size)
