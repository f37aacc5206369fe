from __future__ import annotations

import numpy as np

from mmexp.corruption.video.drop import corrupt


def test_frames_are_lost_but_never_all():
    frames = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    kept = corrupt(frames, 0.5, np.random.default_rng(0))[:, 0, 0, 0].tolist()
    assert kept in ([2, 3], [0, 3], [0, 1])
    assert len(corrupt(frames, 1.0, np.random.default_rng(0))) == len(
        corrupt(frames[:1], 0.7, np.random.default_rng(0))
    )
