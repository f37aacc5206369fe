from __future__ import annotations

from mmexp.study.anonymize.rule.name import MASK, find


def test_it_returns_where_each_stands():
    assert find("Hi Bob, dear all") == [(3, 6)] and MASK == "[name]"
