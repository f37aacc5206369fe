from __future__ import annotations

from mmexp.plot.comparison.critical_difference import draw


def test_fusions_are_placed_by_their_rank_and_joined_where_they_cannot_be_distinguished(make_comparisons, written):
    text = written(draw(make_comparisons("abcdefgh"))["critical_difference"])
    assert "a$b_{c}$<x>  1.00" in text and "4.00  best single input" in text and "CD = 1.66" in text


def test_one_data_set_has_no_ranks(make_comparisons):
    assert draw(make_comparisons("a")) == {}
