from __future__ import annotations

import numpy as np

from mmexp.corruption.image.brightness import corrupt


def test_light_is_added_up_to_white():
    found = corrupt(np.array([[[0, 100, 250]]], np.uint8), 0.2, np.random.default_rng(0))
    assert found.tolist() == [[[51, 151, 255]]]
