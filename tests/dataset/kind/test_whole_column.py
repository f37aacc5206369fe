from __future__ import annotations

from mmexp.dataset.kind.whole_column import WholeColumn


def test_by_default_a_column_decides_nothing() -> None:
    kind = WholeColumn()
    kind.settle("a", [])
    assert kind.for_column([{"a": 1}], "a", {}) is kind and not kind.claims([1]) and kind.extent("a", [1]) == ""
    assert kind.describe_target() == {} and kind.notes("a") == [] and kind.unique(["1", 1]) == [1]
    assert kind.is_blank("a", "") and not kind.is_blank("a", "?")
