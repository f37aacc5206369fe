"""Clipping, as of a recording that was too loud."""

from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform

LEVELS = (0.6, 0.4, 0.25, 0.15, 0.08)
"""Share of the peak at which it is clipped."""


def corrupt(value: Waveform, level: float, generator: np.random.Generator) -> Waveform:
    """Cut off what is louder."""
    limit = level * float(np.abs(value.samples).max(initial=0))
    return Waveform(value.samples.clip(-limit, limit), value.rate)
