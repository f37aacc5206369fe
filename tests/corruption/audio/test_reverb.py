from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.corruption.audio.reverb import corrupt


def test_a_click_rings_and_decays_at_the_same_length_and_peak():
    click = np.zeros(8000, np.float32)
    click[0] = 0.5
    found = corrupt(Waveform(click, 8000), 0.4, np.random.default_rng(0)).samples
    parts = [float((part**2).sum()) for part in np.split(found[1:8000], [1000, 2000, 3200])]
    assert len(found) == 8000 and np.abs(found).max() == pytest.approx(0.5)
    assert parts[0] > parts[1] > parts[2] > 0 and parts[3] == pytest.approx(0, abs=1e-9)
    assert not corrupt(Waveform(np.zeros(9, np.float32), 8000), 0.4, np.random.default_rng(0)).samples.any()
