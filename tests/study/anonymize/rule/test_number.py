from __future__ import annotations

from mmexp.study.anonymize.rule.number import MASK, find


def test_it_returns_where_each_stands():
    assert find("in 1999, 7 of A12") == [(3, 7), (14, 17)] and MASK == "[number]"
