from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.corruption.audio.noise import corrupt


@pytest.mark.parametrize("ratio", [20.0, 5.0])
def test_noise_has_its_ratio_to_the_signal(ratio: float):
    tone = (np.sin(np.arange(16000) * 0.2) * 0.2).astype(np.float32)
    noise = corrupt(Waveform(tone, 8000), ratio, np.random.default_rng(0)).samples - tone
    assert 10 * np.log10((tone**2).mean() / (noise**2).mean()) == pytest.approx(ratio, abs=0.2)


def test_silence_stays_silent():
    assert not corrupt(Waveform(np.zeros(9, np.float32), 8000), 0.0, np.random.default_rng(0)).samples.any()
