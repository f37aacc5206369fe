from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexp.dataset.synthetic.scenes import draw
from mmexp.dataset.synthetic.scenes.boxes import render as outline
from mmexp.dataset.synthetic.scenes.mask import CLASSES, render
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(3, "val", i, 4) for i in range(40)]


def test_the_mask_covers_exactly_the_pixels_that_are_drawn_and_no_shadow(monkeypatch):
    monkeypatch.setattr(draw, "SHADE", 0.0)
    draw._sprite.cache_clear()
    for scene in SCENES:
        bare = draw.render(replace(scene, things=()), 64).astype(int)
        drawn = np.abs(draw.render(scene, 64).astype(int) - bare).max(-1) > 0
        mask = render(scene, 64)
        assert mask.dtype == np.uint8 and not (drawn & (mask == 0)).any()
        assert (drawn == (mask > 0)).mean() > 0.99, "only a pixel painted in its own colour may look undrawn"
    draw._sprite.cache_clear()


def test_every_pixel_of_a_shape_lies_in_a_box_of_its_category():
    for scene in SCENES:
        mask, inside = render(scene, 64), np.zeros((64, 64), int)
        for one in outline(scene, 64):
            x, y, width, height = one["bbox"]
            patch = mask[y : y + height, x : x + width] == CLASSES.index(one["category"])
            assert patch.any()
            inside[y : y + height, x : x + width] += 1
        assert not mask[inside == 0].any()


@pytest.mark.parametrize("first", [0, 1])
def test_what_is_drawn_later_hides_what_was_there(first):
    scene = SCENES[0]
    one, other = (replace(scene.main, x=0.5, y=0.5, shape=shape) for shape in ("cube", "ball"))
    order = (one, other) if first == 0 else (other, one)
    assert render(replace(scene, things=order), 64)[32, 32] == CLASSES.index(order[1].shape)
