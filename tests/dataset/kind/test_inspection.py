from __future__ import annotations

from mmexp.dataset.kind.inspection import Inspection, Neighbours
from mmexp.dataset.kind.words import WordsKind
from mmexp.dataset.table.rows import Fields, Row


def test_a_row_is_what_a_kind_sees_around_its_value() -> None:
    row: Neighbours = Row("a", "m:1", {"words": ["x"]}, {}, Fields({"words": WordsKind()}))
    assert row.of(WordsKind) == ["words"] and Inspection() == Inspection("", {}, "")
