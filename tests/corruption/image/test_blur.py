from __future__ import annotations

import numpy as np

from mmexp.corruption.image.blur import corrupt


def test_detail_is_lost_the_more_the_larger_the_level_and_light_stays():
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    mild, strong = (corrupt(image, level, np.random.default_rng(0)) for level in (2.0, 6.0))
    assert image.std() > mild.std() > strong.std() and abs(float(strong.mean()) - image.mean()) < 3


def test_the_blur_is_in_proportion_to_the_image():
    point = np.zeros((224, 224, 3), np.uint8)
    point[112, 112] = 255
    assert (corrupt(point, 6.0, np.random.default_rng(0)) > 0).sum() > (
        corrupt(point[100:132, 100:132], 6.0, np.random.default_rng(0)) > 0
    ).sum()
