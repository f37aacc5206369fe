from __future__ import annotations

import numpy as np

from mmexp.dataset.synthetic.scenes.boxes import CATEGORIES, render
from mmexp.dataset.synthetic.scenes.mask import CLASSES
from mmexp.dataset.synthetic.scenes.mask import render as cut
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(5, "test", i, 4) for i in range(60)]


def test_every_thing_has_its_shape_and_a_whole_box_inside_the_image():
    for scene in SCENES:
        found = render(scene, 64)
        assert [one["category"] for one in found] == [thing.shape for thing in scene.things]
        for x, y, width, height in (one["bbox"] for one in found):
            assert type(x) is int and 0 <= x < x + width <= 64 and 0 <= y < y + height <= 64
    assert set(CATEGORIES) == {thing.shape for scene in SCENES for thing in scene.things}


def test_a_box_is_the_smallest_around_the_pixels_of_a_thing_alone_in_the_mask():
    lone = [scene for scene in SCENES if len(scene.things) == 1]
    assert lone
    for scene in lone:
        (one,) = render(scene, 96)
        rows, columns = np.nonzero(cut(scene, 96) == CLASSES.index(one["category"]))
        x, y, width, height = one["bbox"]
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (x, y, x + width, y + height)
