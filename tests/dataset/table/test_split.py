from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.split import assign, draw, rule_for_other
from mmexp.dataset.table.split_rule import SplitRule
from mmexp.error import ConfigError, DataError

NAMES = [f"s{number}" for number in range(100)]
SPEAKERS = ["ann"] * 500 + ["bob"] * 500 + ["cyd"] * 500 + ["dan"] * 500


def records(**columns: list[Any]) -> list[Record]:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return [Record(f"r{number}", f"m.csv:{number}", row) for number, row in enumerate(rows, 1)]


def test_a_drawn_split_has_the_shares_asked_for() -> None:
    assert Counter(draw(NAMES, SplitRule(ratios=(0.7, 0.2, 0.1))).values()) == {"train": 70, "val": 20, "test": 10}


def test_the_same_seed_draws_the_same_whatever_the_order_and_another_seed_does_not() -> None:
    assert draw(NAMES, SplitRule(seed=1)) == draw(NAMES[::-1], SplitRule(seed=1))
    assert draw(NAMES, SplitRule(seed=1)) != draw(NAMES, SplitRule(seed=2))


def test_everything_may_be_on_one_side_whatever_the_columns_say() -> None:
    rows = records(split=["train", "val"], speaker=[1, 2])
    assert assign(rows, SplitRule(everything="test", test_groups=["3"]), "speaker") == ["test", "test"]


def test_groups_that_are_not_asked_for_need_not_be_there() -> None:
    rows = records(speaker=["ann", "bob"])
    assert assign(rows, SplitRule(test_groups=["ann"], val_groups=["cyd"]), "speaker", ["test"]) == ["test", "train"]


def test_a_drawn_side_is_the_same_if_it_is_asked_for_alone() -> None:
    rows = records(speaker=SPEAKERS)
    rule = SplitRule(val_groups=["ann"])
    full, alone = (assign(rows, rule, "speaker", splits) for splits in (("train", "val", "test"), ["test"]))
    assert full == alone


def test_a_new_row_hardly_changes_the_drawing() -> None:
    before, after = draw(NAMES, SplitRule()), draw([*NAMES, "new"], SplitRule())
    assert sum(before[name] != after[name] for name in NAMES) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_never_cut_and_each_side_gets_one(seed: int) -> None:
    sides = draw(SPEAKERS, SplitRule(seed=seed))
    assert Counter(sides.values()) == {"train": 2, "val": 1, "test": 1}


@pytest.mark.parametrize("seed", range(5))
def test_a_group_larger_than_its_share_is_not_drawn_if_a_smaller_one_is_there(seed: int) -> None:
    groups = ["huge"] * 900 + [f"small{number % 20}" for number in range(100)]
    sides = draw(groups, SplitRule(seed=seed))
    assert sides["huge"] == "train"


def test_named_groups_go_where_they_are_named_and_the_other_side_is_drawn() -> None:
    sides = draw(SPEAKERS, SplitRule(), {"test": ["cyd"], "val": []})
    assert sides["cyd"] == "test"
    assert Counter(sides.values()) == {"train": 2, "val": 1, "test": 1}
    assert draw(SPEAKERS, SplitRule(), {"test": ["cyd"], "val": ["ann", "bob"]}) == {
        "cyd": "test",
        "ann": "val",
        "bob": "val",
        "dan": "train",
    }


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"test": ["cid"]}, r"test_groups must be among ann, bob, cyd, dan, got 'cid'\. Did you mean 'cyd'"),
        ({"test": ["ann"], "val": ["ann"]}, r"val_groups must not hold a group of the other side, got 'ann'"),
        ({"test": ["ann", "bob", "cyd"]}, r"must each have a group of rows, got 4 groups in all, 0 left for train"),
    ],
)
def test_wrong_groups_are_refused(named: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        draw(SPEAKERS, SplitRule(), named)


def test_two_groups_are_too_few() -> None:
    with pytest.raises(ConfigError, match="must each have a group of rows, got 2 groups in all"):
        draw(["a", "b"], SplitRule())


def test_the_column_split_is_used_where_there_is_one_under_its_usual_spellings() -> None:
    rows = records(split=["train", "Training", "validation", "dev", "test"])
    assert assign(rows, SplitRule(), None) == ["train", "train", "val", "val", "test"]


def test_another_column_can_be_named_and_ratios_ignore_the_column() -> None:
    rows = records(split=["train"] * 10, fold=["test"] * 10)
    assert set(assign(rows, SplitRule(column="fold"), None)) == {"test"}
    assert set(assign(rows, SplitRule(ratios=(0.6, 0.2, 0.2)), None)) == {"train", "val", "test"}


def test_without_a_column_the_split_is_drawn() -> None:
    assert Counter(assign(records(label=[0] * 20), SplitRule(), None)) == {"train": 16, "val": 2, "test": 2}


def test_groups_overrule_the_column() -> None:
    rows = records(split=["train"] * 3, speaker=[1, 2, 3])
    assert assign(rows, SplitRule(test_groups=["1"], val_groups=["3"]), "speaker") == ["test", "train", "val"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SplitRule(), None), r"m\.csv:2, sample r2: split must be one of train, val, test, .*, got 'tset'"),
        ((SplitRule(), "speaker"), r"m\.csv:3, sample r3: group speaker must have a value, got None"),
    ],
)
def test_a_row_without_a_side_is_refused(arguments: Any, message: str) -> None:
    rows = records(split=["train", "tset", "val"], speaker=["a", "b", None])
    with pytest.raises(DataError, match=message):
        assign(rows, *arguments)


@pytest.mark.parametrize(
    ("rule", "group_by", "message"),
    [
        (SplitRule(column="splt"), None, r"split\.column must be a column of split, got 'splt'\. Did you mean 'split'"),
        (SplitRule(), "speaker", r"group_by must be a column of split, got 'speaker'"),
    ],
)
def test_a_column_that_is_not_there_is_refused(rule: SplitRule, group_by: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        assign(records(split=["train"]), rule, group_by)


def test_val_is_drawn_from_train_where_the_column_names_none_and_never_from_test() -> None:
    rows = records(Split=["train"] * 18 + ["test"] * 9)
    sides = assign(rows, SplitRule(), None)
    assert Counter(sides) == {"train": 16, "val": 2, "test": 9} and sides[18:] == ["test"] * 9
    assert assign(rows, SplitRule(), None, ["test"]) == ["train"] * 18 + ["test"] * 9
    assert set(assign(rows[18:], SplitRule(), None)) == {"test"}


def test_rows_of_one_unit_are_drawn_together() -> None:
    rows = records(text=["x"] * 40)
    units = [f"u{number // 4}" for number in range(40)]
    sides = assign(rows, SplitRule(), None, together=units)
    assert len(set(zip(units, sides, strict=True))) == 10 and set(sides) == {"train", "val", "test"}
    given = records(split=["train"] * 36 + ["test"] * 4)
    sides = assign(given, SplitRule(), None, together=units)
    assert len(set(zip(units, sides, strict=True))) == 10 and sides.count("val") == 4
    with pytest.raises(ConfigError, match="must each have a group of rows, got 1 groups") as caught:
        assign(rows, SplitRule(), None, together=["one"] * 40)
    assert "dataset.on_leak=warn" in caught.value.hint


@pytest.mark.parametrize(
    ("rule", "group_by", "columns", "column"),
    [
        (SplitRule(), None, {"Split": ["dev", "test"]}, "Split"),
        (SplitRule(), None, {"split": ["dev", "left"]}, "split"),
        (SplitRule(), "user", {"split": ["dev", "left"]}, None),
        (SplitRule(), "user", {"split": ["dev", " Test"]}, "split"),
        (SplitRule(column="fold"), None, {"fold": ["a", "b"], "split": ["val", "test"]}, "fold"),
        (SplitRule(column="fold"), None, {"split": ["val", "test"]}, "split"),
        (SplitRule(column="fold"), None, {"user": [1, 2]}, None),
        (SplitRule(ratios=(0.8, 0.1, 0.1)), None, {"split": ["x", "test"]}, None),
        (SplitRule(test_groups=["1"]), "user", {"user": [1, 2]}, None),
    ],
)
def test_of_another_table_the_split_is_what_its_column_says_else_all_rows_are_of_it(
    rule: SplitRule, group_by: str | None, columns: dict[str, list[Any]], column: str | None
) -> None:
    found = rule_for_other(records(**columns), rule, group_by, "test")
    assert found == (SplitRule(column=column) if column else SplitRule(everything="test"))
