from __future__ import annotations

import numpy as np

from mmexp.plot.regions import GAP, bars, palette, regions

CLASSES = ["ground", "ball", "cone"]


def test_masks_stand_beside_their_picture_in_the_colours_of_their_classes():
    image, answered, true = np.full((6, 8, 3), 9, np.uint8), np.ones((6, 8), np.uint8), np.full((6, 8), 255, np.uint8)
    figure = regions([image], [[answered, true]], ["one"], CLASSES)
    shown = np.asarray(figure.axes[0].images[0].get_array())
    assert shown.shape == (6, 3 * 8 + 2 * GAP, 3)
    assert (shown[:, :8] == 9).all() and (shown[:, 8 + GAP : 16 + GAP] == palette(3)[1]).all()
    assert (shown[:, -8:] == 255).all() and (shown[:, 8 : 8 + GAP] == 255).all()
    assert [text.get_text() for text in figure.legends[0].texts] == ["ball"]


def test_classes_have_colours_of_their_own_and_other_numbers_are_white():
    colours = palette(20)
    assert len({tuple(row) for row in colours[:20]}) == 20 and (colours[20:] == 255).all()


def test_bars_stand_in_order_without_those_that_are_no_number():
    axes = bars([0.5, float("nan"), 0.9], CLASSES, "IoU").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ground", "cone"]
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.9] and axes.get_xlabel() == "IoU"
