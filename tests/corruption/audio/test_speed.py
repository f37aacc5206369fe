from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.corruption.audio.speed import corrupt


def test_a_tone_is_shorter_and_higher():
    tone = np.sin(2 * np.pi * 100 * np.arange(8000) / 8000).astype(np.float32)
    found = corrupt(Waveform(tone, 8000), 1.5, np.random.default_rng(0))
    assert len(found.samples) == pytest.approx(8000 / 1.5, abs=1) and found.rate == 8000
    peak = np.abs(np.fft.rfft(found.samples)).argmax() * 8000 / len(found.samples)
    assert peak == pytest.approx(150, abs=2)
