from __future__ import annotations

from mmexp.study.anonymize.rule.phone import MASK, find


def test_it_returns_where_each_stands():
    assert find("tel 030/123456-7, 12345") == [(4, 16)] and MASK == "[phone]"
