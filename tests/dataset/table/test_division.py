from __future__ import annotations

import pytest

from mmexp.dataset.table.division import Division
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.split_rule import SplitRule
from mmexp.error import ConfigError

SIDES = ("train", "train", "val", "test")


def records(number: int = 40) -> list[Record]:
    rows = [{"speaker": f"s{i % 5}", "label": i % 2, "split": SIDES[i % 4], "text": f"t{i}"} for i in range(number)]
    return [Record(f"r{i}", f"m.csv:{i}", row) for i, row in enumerate(rows)]


def prepared(division: Division) -> Division:
    division.prepare(records(), ("train", "val", "test"), None, ["label"])
    return division


def test_a_column_may_name_groups_that_the_split_of_the_table_does_not_keep_together():
    division = prepared(Division(SplitRule(groups="Speaker"), None))
    assert (
        set(division.groups("test").values()) == {f"s{i}" for i in range(5)} and division.groups("test")["r3"] == "s3"
    )
    assert division.grouping() == {"column": "speaker", "number": 5, "seen": 5}
    assert division.facts()["groups"]["test"] == ["s0", "s1", "s2", "s3", "s4"]


def test_groups_on_one_side_are_not_seen_in_training():
    division = prepared(Division(SplitRule(test_groups=["s1", "s2"], val_groups=["s3"]), "speaker"))
    assert division.grouping() == {"column": "speaker", "number": 2, "seen": 0}


def test_a_fold_goes_before_named_groups_which_is_said():
    division = Division(SplitRule(test_groups=["s1"]), "speaker")
    assert division.fold_names(records(), "groups") == ["s0", "s1", "s2", "s3", "s4"]
    division.take_fold("groups", "s4")
    assert {*prepared(division).groups("test").values()} == {"s4"} and {*division.groups("val").values()} == {"s0"}
    assert division.notes == ["folds: dataset.split.test_groups and val_groups are passed over."]


def test_groups_that_nobody_named_are_said_and_kept_for_the_verdict():
    division = prepared(Division(SplitRule(), None))
    notes = division.read_notes(records(), ["text"], ["label"], [f"r{i // 2}" for i in range(40)])
    assert notes[-1] == (
        "groups: speaker may name groups of rows, such as speakers or patients. Set dataset.split.groups=speaker if so."
    )
    assert division.grouping() == {"likely": ["column speaker", "rows that share a file"]}
    assert division.groups("test") == division.facts() == {}


def test_another_table_has_no_folds_of_its_own():
    division = Division(SplitRule(), "speaker")
    division.take_fold("groups", "s1")
    rows = [Record(row.id, row.where, {"speaker": "s0"}) for row in records(4)]
    assert division.take_whole(rows, "test", {"train": ["s0"]}) and division.folds is None
    assert division.notes == ["4 of 4 rows are of groups that were trained on: s0."]
    assert not division.take_whole(rows, "test", {})


def test_rows_are_compared_whatever_their_fold():
    one, other = (Division(SplitRule(), "speaker") for _ in range(2))
    one.take_fold("groups", "s1")
    a, b = (Record(name, "", {}) for name in "ab")
    found = [one.compared(rows) for rows in ({"train": [b], "test": [a]}, {"train": [a], "test": [b]})]
    assert found[0] == found[1] and other.compared({"test": [a]}) == {"test": [a]}


def test_two_columns_of_groups_contradict_each_other():
    with pytest.raises(ConfigError, match=r"dataset\.split\.groups must be null with dataset\.group_by, got 'who'"):
        Division(SplitRule(groups="who"), "speaker")
    with pytest.raises(ConfigError, match=r"dataset\.split\.groups must be a column of .*, got 'who'"):
        prepared(Division(SplitRule(groups="who"), None))
