from __future__ import annotations

from mmexp.dataset.link import both_ways, questions


def test_a_fact_answers_who_is_the_tail_and_who_is_the_head():
    assert questions(("ann", "parent of", "bo")) == (("ann", "parent of", "bo"), ("bo", "parent of~", "ann"))


def test_every_fact_is_asked_in_both_directions_in_order():
    assert list(both_ways([("a", "r", "b"), ("c", "s", "a")])) == [
        ("a", "r", "b"),
        ("b", "r~", "a"),
        ("c", "s", "a"),
        ("a", "s~", "c"),
    ]
