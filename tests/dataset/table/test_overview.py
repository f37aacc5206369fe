from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.columns import kinds_of
from mmexp.dataset.table.overview import ColumnOverview, listed, overview
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields

KINDS = standard()
CELLS: list[dict[str, Any]] = [
    {"age": "31", "city": "Rome", "photo": "a.png", "y": " b", "price": "1,5"},
    {"age": "?", "city": "Oslo", "photo": None, "y": "a", "price": "2"},
    {"age": "7", "city": "Rome", "photo": "c.png", "y": "b", "price": "12,25"},
]


def test_each_column_is_described_by_its_kind_range_missing_cells_and_an_example() -> None:
    records = [Record(str(n), f"m.csv:{n}", cells) for n, cells in enumerate(CELLS)]
    inputs = {"person": ["age", "city"], "front": "photo"}
    targets = {"label": "y", "score": "price", "mood": "city"}
    own = {name: KINDS.of_target(name).for_column(CELLS, column, {}) for name, column in targets.items()}
    fields = Fields(kinds_of(inputs, records, KINDS), own)
    assert overview(inputs, targets, fields, records, KINDS) == [
        ColumnOverview("age", "person", "tabular", "7 to 31", 1, "31"),
        ColumnOverview("city", "person", "tabular", "2 categories", 0, "Rome"),
        ColumnOverview("photo", "front", "image", "", 1, "a.png"),
        ColumnOverview("y", "label", "label", "2: a, b", 0, "b"),
        ColumnOverview("price", "score", "score", "1.5 to 12.25 (decimal comma)", 0, "1,5"),
        ColumnOverview("city", "mood", "target", "2: Oslo, Rome", 0, "Rome"),
    ]


def test_long_lists_and_examples_are_shortened() -> None:
    assert listed(range(9)) == "9: 0, 1, 2, 3 ..." and listed([]) == ""
    records = [Record("a", "m:1", {"text": "so long " * 9})]
    (one,) = overview({"text": "text"}, {}, Fields({"text": KINDS["text"]}), records, KINDS)
    assert one.example == "so long so long so lo..."
