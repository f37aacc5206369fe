from __future__ import annotations

import numpy as np

from mmexp.plot.generated_images import GAP, generated_images


def test_painted_and_true_stand_side_by_side_over_their_text():
    generated, real = ([np.full((8, 8, 3), value, np.uint8)] * 3 for value in (10, 200))
    figure = generated_images(generated, real, ["a", "b", "c"])
    shown = figure.axes[1].images[0].get_array()
    assert shown.shape == (8, 16 + GAP, 3) and (shown[:, :8] == 10).all() and (shown[:, -8:] == 200).all()
    assert [axes.get_title() for axes in figure.axes[:3]] == ["a", "b", "c"]
