from __future__ import annotations

from collections import Counter

import pytest

from mmexp.dataset.table.folds import Folds, allot
from mmexp.dataset.table.reader import Record
from mmexp.error import ConfigError

SPEAKERS = ["ann", "bob", "cyd", "dan"]


def records(number: int = 40, **more: str) -> list[Record]:
    """Rows of four speakers in turn, every tenth of class b."""
    rows = [{"speaker": SPEAKERS[i % 4], "label": "b" if i % 10 == 9 else "a", **more} for i in range(number)]
    return [Record(f"r{i}", f"m.csv:{i}", row) for i, row in enumerate(rows)]


def test_each_group_is_left_out_in_turn_and_the_next_one_is_for_validation():
    rows, folds = records(), Folds("groups", "speaker")
    assert folds.names(rows) == SPEAKERS
    for fold, after in zip(SPEAKERS, [*SPEAKERS[1:], "ann"], strict=True):
        sides = folds.sides(rows, fold, [])
        tested = {row.values["speaker"] for row, side in zip(rows, sides, strict=True) if side == "test"}
        val = {row.values["speaker"] for row, side in zip(rows, sides, strict=True) if side == "val"}
        assert (tested, val) == ({fold}, {after}) and Counter(sides)["train"] == 20


def test_every_row_is_tested_once_and_classes_are_spread_evenly():
    rows = records()
    units, folds = [row.id for row in rows], Folds(4, None)
    sides = [folds.sides(rows, name, units, ["label"]) for name in folds.names(rows)]
    assert all(Counter(row)["test"] == 1 for row in zip(*sides, strict=True))
    for own in sides:
        tested = [row.values["label"] for row, side in zip(rows, own, strict=True) if side == "test"]
        assert Counter(tested) == {"a": 9, "b": 1}


def test_a_group_or_a_shared_file_is_never_cut():
    rows = records()
    sides = Folds(3, "speaker").sides(rows, "0", [row.id for row in rows], ["label"])
    assert all(len({sides[i] for i in range(40) if i % 4 == s}) == 1 for s in range(4))
    units = [f"file{i // 2}" for i in range(40)]
    sides = Folds(5, None).sides(rows, "1", units, ["label"])
    assert sides[::2] == sides[1::2] and Counter(sides) == {"train": 24, "val": 8, "test": 8}


def test_another_seed_draws_other_folds_and_the_same_seed_the_same_in_any_order():
    rows = records()
    units = [row.id for row in rows]
    strata = [[None]] * 40
    assert allot(units, strata, 5, 1) == allot(units[::-1], strata, 5, 1) != allot(units, strata, 5, 2)


def test_a_label_that_is_a_list_counts_for_each_of_its_values():
    rows = [Record(f"r{i}", "", {"labels": ["x", "y"] if i < 4 else ["x"]}) for i in range(16)]
    sides = Folds(4, None).sides(rows, "2", [row.id for row in rows], ["labels"])
    assert [side == "test" for side in sides].count(True) == 4
    assert [side == "test" for side in sides[:4]].count(True) == 1


@pytest.mark.parametrize(
    ("folds", "fold", "rows", "message"),
    [
        (Folds("groups", None), "ann", records(), "group_by must be a column with folds=groups, got null"),
        (Folds("groups", "speaker"), "ben", records(), r"fold must be one of ann, bob, cyd, dan, got 'ben'"),
        (Folds("groups", "speaker"), "ann", records(2), "folds=groups must find at least 3 groups, got ann, bob"),
        (Folds(5, "speaker"), "0", records(), "folds must be at most the 4 groups of rows, got 5"),
        (Folds("groups", "speker"), "0", records(), "group_by must be a column of speaker, label, got 'speker'"),
    ],
)
def test_folds_that_cannot_be_made_are_refused(folds, fold, rows, message):
    with pytest.raises(ConfigError, match=message):
        folds.sides(rows, fold, [row.id for row in rows])
