from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.image.noise import corrupt


def test_noise_has_its_standard_deviation():
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert corrupt(grey, 0.08, np.random.default_rng(0)).std() == pytest.approx(0.08 * 255, rel=0.05)
