"""A contiguous part of a recording is silent, as of a sensor that fails for a while. MuteBench, 2026."""

from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform
from mmexp.corruption.segment import segment

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the recording."""


def corrupt(value: Waveform, level: float, generator: np.random.Generator) -> Waveform:
    """Silence one part of it."""
    samples = value.samples.copy()
    samples[segment(len(samples), level, generator)] = 0
    return Waveform(samples, value.rate)
