from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgba

from mmexp.plot.neighbours import Found, neighbours

PICTURE = np.zeros((4, 4, 3), np.uint8)


def test_a_row_shows_the_query_and_what_was_found_the_right_ones_in_green():
    found = [Found([PICTURE], True, 0.9), Found([PICTURE], False, 0.5)]
    figure = neighbours([["a red ball"], [["two", "texts"]]], [found, found])
    assert len(figure.axes) == 6
    query, right, wrong = figure.axes[:3]
    assert query.texts[0].get_text() == "a red ball" and figure.axes[3].texts[0].get_text() == "two"
    assert right.images and right.get_title() == "0.90"
    assert right.spines["top"].get_edgecolor() == to_rgba("tab:green") != wrong.spines["top"].get_edgecolor()


def test_sound_is_not_shown_and_a_row_may_be_shorter():
    figure = neighbours([[object()]], [[Found(["a"], True, 1.0)]])
    assert figure.axes[0].texts[0].get_text() == "(not shown)"
