from __future__ import annotations

import numpy as np

from mmexp.contract import Waveform
from mmexp.corruption.audio.drop import corrupt


def test_one_part_is_silent():
    tone = Waveform(np.ones(100, np.float32), 8000)
    found = corrupt(tone, 0.25, np.random.default_rng(0))
    silent = np.flatnonzero(found.samples == 0)
    assert len(silent) == 25 and silent[-1] - silent[0] == 24 and found.rate == 8000 and tone.samples.all()
