from __future__ import annotations

import numpy as np

from mmexp.corruption.image.jpeg import corrupt


def test_lower_quality_is_further_from_the_image():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    errors = [np.abs(corrupt(image, q, np.random.default_rng(0)).astype(int) - image).mean() for q in (25, 7)]
    assert 0 < errors[0] < errors[1]
