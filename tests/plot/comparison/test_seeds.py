from __future__ import annotations

from dataclasses import replace

import pytest

from mmexp.plot.comparison.seeds import draw


def test_runs_are_dots_with_the_interval_of_their_mean_next_to_the_margins(make_comparisons, written):
    figure = draw(make_comparisons("a"))["seeds"]
    levels, margins = figure.axes
    assert [one.get_text() for one in levels.get_yticklabels()] == ["a$b_{c}$<x>", "sum", "max", "image alone"]
    assert [len(one.get_offsets()) for one in levels.collections] == [3, 3, 3, 3]
    assert levels.lines[0].get_xdata() == pytest.approx([0.8733, 0.9627], abs=1e-3)
    means = [line.get_xdata()[0] for line in margins.lines if line.get_marker() == "o"]
    assert means == pytest.approx([0.408, 0.306, 0.204])
    assert "a$b_{c}$<x>" in written(figure)


def test_each_ranking_has_a_figure(make_comparisons):
    assert list(draw(make_comparisons("ab"))) == ["seeds-1", "seeds-2"]


def test_a_margin_over_a_control_says_so(make_comparisons):
    (comparison,) = make_comparisons("a")
    first, *others = comparison.ways
    control = replace(first.verdict, outcome="at_chance", baseline="blank", is_control=True)
    seen = replace(comparison, ways=[replace(first, verdict=control), *others])
    names = [one.get_text() for one in draw([seen])["seeds"].axes[1].get_yticklabels()]
    assert names == ["a$b_{c}$<x> (over blank)", "sum", "max"]
