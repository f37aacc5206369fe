from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexp.dataset.synthetic.scenes.draw import PAINT, corner, coverage, render, side
from mmexp.dataset.synthetic.scenes.scene import SHAPES, sample


@pytest.mark.parametrize("image_size", [32, 64, 100])
def test_an_image_is_a_square_of_bytes_and_always_the_same(image_size):
    scene = sample(0, "train", 1, 3)
    image = render(scene, image_size)
    assert image.shape == (image_size, image_size, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, render(scene, image_size))


def test_the_paint_of_a_thing_is_found_where_it_stands():
    for index in range(60):
        scene = sample(0, "train", index, 3)
        image = render(scene, 64).astype(float)
        for thing in scene.things:
            left, top = corner(thing, 64)
            length = side(thing, 64)
            inside = coverage(thing.shape, length) > 0.9
            seen = image[top : top + length, left : left + length][inside].mean(0)
            errors = {c: np.linalg.norm(seen / seen.max() - np.array(p) / max(p)) for c, p in PAINT.items()}
            assert min(errors, key=errors.get) == thing.colour


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_covers_a_share_of_its_square(shape):
    share = coverage(shape, 20)
    assert share.shape == (20, 20) and 0.2 < share.mean() < 0.95 and 0 <= share.min() <= share.max() <= 1


@pytest.mark.parametrize("hidden", [{"material": "metal"}, {"material": "wood"}, {"motion": "up"}])
def test_neither_material_nor_motion_shows(hidden):
    for i in range(20):
        scene = sample(0, "train", i, 3)
        other = replace(scene, things=tuple(replace(thing, **hidden) for thing in scene.things))
        assert (render(other, 64) == render(scene, 64)).all()
