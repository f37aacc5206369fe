from __future__ import annotations

import numpy as np

from mmexp.corruption.video.noise import corrupt


def test_each_frame_has_noise_of_its_own():
    found = corrupt(np.full((3, 8, 8, 3), 128, np.uint8), 0.2, np.random.default_rng(0))
    assert found.shape == (3, 8, 8, 3) and (found[0] != found[1]).any()
