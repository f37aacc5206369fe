"""Reverberation: a decaying noise as impulse response. Moorer 1979, "About This Reverberation Business"."""

from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform

LEVELS = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Reverberation time, in which the response falls by 60 dB, in seconds."""


def corrupt(value: Waveform, level: float, generator: np.random.Generator) -> Waveform:
    """Convolve with the response of a room; length and peak stay as they were."""
    times = np.arange(max(1, round(level * value.rate))) / value.rate
    response = generator.standard_normal(len(times)) * np.exp(-np.log(1e3) * times / level)
    response[0] = np.sqrt(np.square(response[1:]).sum()) or 1.0  # as much direct as reverberant energy
    size = len(value.samples) + len(response) - 1
    wet = np.fft.irfft(np.fft.rfft(value.samples, size) * np.fft.rfft(response, size), size)[: len(value.samples)]
    peak, own = (float(np.abs(one).max(initial=0)) for one in (wet, value.samples))
    return Waveform((wet * (own / peak if peak else 0.0)).astype(np.float32), value.rate)
