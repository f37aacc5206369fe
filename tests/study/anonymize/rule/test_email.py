from __future__ import annotations

from mmexp.study.anonymize.rule.email import MASK, find


def test_it_returns_where_each_stands():
    assert find("x.y@z.org and a@b") == [(0, 9)] and MASK == "[email]"
