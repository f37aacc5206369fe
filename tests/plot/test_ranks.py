from __future__ import annotations

import pytest

from mmexp.plot.ranks import READABLE, ranks


def test_bars_are_the_share_of_queries_by_rank_and_the_mean_reciprocal_rank_by_kind():
    figure = ranks([1, 1, 2, 40], [50, 50, 50, 40], ["a", "b", "b", "b"])
    left, right = figure.axes
    shares = {
        label.get_text(): bar.get_height() for label, bar in zip(left.get_xticklabels(), left.patches, strict=True)
    }
    assert shares == {"1": 0.5, "2": 0.25, "3": 0, "4 to 5": 0, "6 to 10": 0, "11 to 30": 0, "31 to 50": 0.25}
    assert [label.get_text() for label in right.get_yticklabels()] == ["a (1)", "b (3)"]
    assert [bar.get_width() for bar in right.patches] == pytest.approx([1, (1 + 1 / 2 + 1 / 40) / 3])


def test_lines_tell_chance_and_all_queries():
    chance, every = ranks([1, 2], [2, 4], ["a", "a"]).axes[1].lines
    blind = [(1 + 1 / 2) / 2, (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4]
    assert chance.get_xdata()[0] == pytest.approx(sum(blind) / 2) and every.get_xdata()[0] == 0.75


def test_of_many_kinds_the_best_and_the_worst_are_shown():
    places = list(range(1, 101))
    right = ranks(places, [100] * 100, [f"{place:03}" for place in places]).axes[1]
    names = [label.get_text() for label in right.get_yticklabels()]
    assert len(names) == READABLE and names[0] == "001 (1)" and names[-1] == "100 (1)"


def test_when_all_are_right_there_is_one_bar():
    assert len(ranks([1, 1], [1, 1], ["a", "b"]).axes[0].patches) == 1
