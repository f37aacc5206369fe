from __future__ import annotations

import numpy as np
import pytest

from mmexp.corruption.vector.noise import corrupt


def test_noise_is_in_proportion_to_the_numbers():
    numbers = np.full((100, 10), 4.0, np.float32)
    assert (corrupt(numbers, 0.5, np.random.default_rng(0)) - numbers).std() == pytest.approx(2.0, rel=0.1)
