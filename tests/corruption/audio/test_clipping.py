from __future__ import annotations

import numpy as np
import pytest

from mmexp.contract import Waveform
from mmexp.corruption.audio.clipping import corrupt


def test_what_is_louder_than_a_share_of_the_peak_is_cut_off():
    found = corrupt(Waveform(np.array([0.1, -0.8, 0.4], np.float32), 8000), 0.25, np.random.default_rng(0))
    assert found.samples.tolist() == pytest.approx([0.1, -0.2, 0.2])
    assert len(corrupt(Waveform(np.zeros(0, np.float32), 8000), 0.25, np.random.default_rng(0)).samples) == 0
