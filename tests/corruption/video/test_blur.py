from __future__ import annotations

import numpy as np

from mmexp.corruption.image import blur
from mmexp.corruption.video.blur import corrupt


def test_each_frame_is_blurred_by_itself():
    frames = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    generator = np.random.default_rng(0)
    assert (corrupt(frames, 4.0, generator)[1] == blur.corrupt(frames[1], 4.0, generator)).all()
