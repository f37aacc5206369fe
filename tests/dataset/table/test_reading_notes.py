from __future__ import annotations

from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.reading_notes import reading_notes, seen_groups
from mmexp.dataset.table.split_rule import SplitRule

RECORDS = [
    Record(str(n), "m", {"ID": n, "Split": side, "text": "x", "extra": 1}) for n, side in enumerate(["train", "test"])
]


def test_columns_that_are_not_used_are_listed() -> None:
    assert reading_notes(RECORDS, ["text", ("extra",), None], SplitRule(), ["train", "test"]) == []
    assert reading_notes(RECORDS, ["text"], SplitRule(), ["train", "test"]) == ["columns not used: extra."]
    assert reading_notes(RECORDS, ["text"], None, ["train"]) == ["columns not used: Split, extra."]


def test_a_val_that_is_drawn_is_said() -> None:
    notes = reading_notes(RECORDS, ["text", "extra"], SplitRule(seed=3), ["val", "test"])
    assert notes == ["val: 1 rows drawn from train (dataset.split.seed=3), as column 'Split' names none."]


def test_rows_of_groups_that_were_trained_on_are_counted() -> None:
    assert seen_groups(RECORDS, "id", ["1", "7"]) == ["1 of 2 rows are of groups that were trained on: 1."]
    assert seen_groups(RECORDS, "id", ["7"]) == seen_groups(RECORDS, "user", ["1"]) == []
    assert seen_groups(RECORDS, None, ["1"]) == []
