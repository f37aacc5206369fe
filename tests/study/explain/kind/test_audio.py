from __future__ import annotations

import numpy as np
import torch

from mmexp.contract import Padded
from mmexp.study.explain.kind.audio import SEGMENTS, divide, draw
from mmexp.transform.audio import AudioTransform

SOUND = Padded(torch.randn(1, 2000), torch.arange(2000)[None] < 1600)


def test_audio_is_cut_into_segments_that_become_silent():
    parts = divide(SOUND, AudioTransform(sample_rate=8000))
    assert parts.place[:100].tolist() == [0] * 100 and parts.place[1599] == SEGMENTS - 1
    assert (parts.place[1600:] == -1).all() and parts.names[1] == "0.01 to 0.03 s"
    kept = torch.ones(1, SEGMENTS)
    kept[0, 2] = 0
    found = parts.without(SOUND, kept).values[0]
    assert (found[200:300] == 0).all() and torch.equal(found[300:], SOUND.values[0, 300:])


def test_it_is_drawn_as_a_spectrogram_within_the_page():
    parts = divide(SOUND, AudioTransform(sample_rate=8000))
    assert draw(parts, np.linspace(-1, 1, SEGMENTS), SOUND, None, "x").startswith('<img src="data:image/png;base64,')
