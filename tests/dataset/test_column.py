from __future__ import annotations

from mmexp.dataset.column import columns_of


def test_one_column_or_several_are_named_in_order() -> None:
    assert columns_of("a") == ("a",) and columns_of(["b", "a"]) == ("b", "a")
