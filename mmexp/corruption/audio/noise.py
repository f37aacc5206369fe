"""White noise at a given signal-to-noise ratio."""

from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform

LEVELS = (20.0, 15.0, 10.0, 5.0, 0.0)
"""Signal-to-noise ratio, in dB."""


def corrupt(value: Waveform, level: float, generator: np.random.Generator) -> Waveform:
    """Add noise whose power follows from that of the recording; what is louder than full scale is clipped."""
    power = float(np.mean(np.square(value.samples, dtype=np.float64)))
    noise = generator.standard_normal(len(value.samples)) * np.sqrt(power * 10 ** (-level / 10))
    return Waveform((value.samples + noise).clip(-1, 1).astype(np.float32), value.rate)
