from __future__ import annotations

from itertools import combinations

import pytest

from mmexp.analysis.compare import Group
from mmexp.plot.comparison.cost import draw


def test_a_cost_that_differs_has_a_panel_with_the_front_and_the_best_single_input(make_comparisons, written):
    [axes] = draw(make_comparisons("a"))["cost"].axes  # equal seconds have none
    assert axes.get_xlabel() == "weights" and len(axes.collections[0].get_offsets()) == 4
    line, single = axes.lines
    assert list(single.get_ydata()) == pytest.approx([0.51, 0.51]) and len(line.get_xdata()) == len(axes.texts)
    assert "a$b_{c}$<x>" in written(axes.figure)


def test_names_of_points_that_nearly_coincide_do_not_cover_one_another(make_comparisons, monkeypatch):
    comparisons = make_comparisons("a", step=1e-4)
    monkeypatch.setattr(Group, "average", lambda group, name: 100 + group.score("test/f1").mean)
    figure = draw(comparisons)["cost"]
    figure.canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) == 4 and not any(one.overlaps(other) for one, other in combinations(boxes, 2))
