from __future__ import annotations

import numpy as np

from mmexp.plot.reconstruction import GAP, GREY, reconstructions


def test_a_picture_stands_beside_what_was_shown_and_told_of_it():
    image, filled = np.full((16, 16, 3), 10, np.uint8), np.full((8, 8, 3), 20, np.uint8)
    mask = np.array([[True, False, False, False]])
    figure = reconstructions([(image, filled, [["red", "red"], ["box", "ball"]], "a red box")], mask)
    (axes,) = (axes for axes in figure.axes if axes.images)
    shown = np.asarray(axes.images[0].get_array())
    assert shown.shape == (8, 3 * 8 + 2 * GAP, 3)
    assert (shown[:, :8] == 10).all() and (shown[:, -8:] == 20).all()
    middle = shown[:, 8 + GAP : 16 + GAP]
    assert (middle[:4, :4] == GREY).all() and (middle[4:] == 10).all() and (middle[:4, 4:] == 10).all()
    assert axes.get_title() == "a red box\nred, box (ball)"
