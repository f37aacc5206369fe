from __future__ import annotations

import numpy as np
import pytest

from mmexp.plot.gallery import LETTERS, gallery


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (4, (1, 4)), (6, (2, 4))])
def test_pictures_stand_in_rows_of_four_with_their_titles(count, shape):
    images = [np.full((8, 8, 3), i, np.uint8) for i in range(count)]
    figure = gallery(images, [f"image {i}" for i in range(count)])
    shown = [axes for axes in figure.axes if axes.images]
    assert len(figure.axes) == shape[0] * shape[1] and len(shown) == count
    assert [axes.get_title() for axes in shown] == [f"image {i}" for i in range(count)]
    assert [int(axes.images[0].get_array()[0, 0, 0]) for axes in shown] == list(range(count))


def test_a_long_title_is_folded_and_cut():
    (axes,) = gallery([np.zeros((4, 4), np.uint8)], ["word " * 100 + "\nshort"]).axes
    lines = axes.get_title().splitlines()
    assert max(map(len, lines)) <= LETTERS and lines[-1] == "short" and "..." in axes.get_title()


def test_more_can_be_drawn_onto_a_picture():
    seen = []
    gallery([np.zeros((4, 4), np.uint8)] * 3, ["a", "b", "c"], lambda axes, i: seen.append((i, axes.get_title())))
    assert seen == [(0, "a"), (1, "b"), (2, "c")]
