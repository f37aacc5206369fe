from __future__ import annotations

import pytest

from mmexp.plot.comparison.cost import draw


def test_a_cost_that_differs_has_a_panel_with_the_front_and_the_best_single_input(make_comparisons, written):
    [axes] = draw(make_comparisons("a"))["cost"].axes  # equal seconds have none
    assert axes.get_xlabel() == "weights" and len(axes.collections[0].get_offsets()) == 4
    line, single = axes.lines
    assert list(single.get_ydata()) == pytest.approx([0.51, 0.51]) and len(line.get_xdata()) == len(axes.texts)
    assert "a$b_{c}$<x>" in written(axes.figure)
