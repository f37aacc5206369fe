from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.class_notes import category_notes, class_notes, target_notes
from mmexp.dataset.table.rows import Fields, Row

KINDS = standard()


def rows(*labels: Any, **inputs: Any) -> list[Row]:
    return [Row(str(n), "m", inputs, {"label": label}, Fields()) for n, label in enumerate(labels)]


def test_classes_that_training_lacks_are_counted_and_named_by_split() -> None:
    splits = {"train": rows("a", "b"), "val": rows("a"), "test": rows("c", "a", "d", "c")}
    assert [*target_notes("label", KINDS["label"], splits, ["a", "b"])] == [
        "label: 3 of 4 rows of test are of classes that training lacks, and count as wrong: c (2), d (1)"
    ]


def test_classes_that_look_alike_and_those_written_in_several_ways_are_said() -> None:
    splits = {"train": rows("Pos", 1), "test": rows("pos", "1")}
    found = [*target_notes("label", KINDS["label"], splits, [1, "Pos", "pos"])]
    assert found == [
        "label: Pos and pos are different classes, though they differ in case, blanks or hyphens only",
        "label: '1' and 1 are one class",
    ]


def test_many_classes_that_hardly_differ_are_one_line() -> None:
    letters = "abcdefg"
    splits = {"train": rows(*letters, *letters.upper(), *range(2), *map(str, range(2)))}
    found = [*target_notes("label", KINDS["label"], splits, [*letters, *letters.upper(), 0, 1])]
    assert found == [
        "label: A and a; B and b; C and c; D and d; E and e; and 2 more are different classes, though they differ in "
        "case, blanks or hyphens only",
        "label: '0' and 0; '1' and 1 are one class each",
    ]


def test_a_column_with_a_category_of_its_own_in_each_row_is_said() -> None:
    splits = {"train": [Row(str(n), "m", {"tabular": {"share": f"{n}%"}}, {}, Fields()) for n in range(6)]}
    facts = [{"name": "share", "values": [f"{n}%" for n in range(6)]}]
    (found,) = category_notes("tabular", splits, facts)
    assert found.startswith("column 'share': each of the 6 cells of train is a category of its own, such as '0%'")
    splits["train"].append(splits["train"][0])
    assert [*category_notes("tabular", splits, facts)] == []


def test_categories_that_training_lacks_are_counted() -> None:
    splits = {"test": rows("a", tabular={"city": "Rome", "age": 3}) + rows("a", tabular={"city": "Oslo"})}
    facts = [{"name": "city", "values": ["Oslo"]}, {"name": "age", "mean": 0.0, "std": 1.0}]
    expected = ["column 'city': 1 of 2 cells of test are categories that training lacks: Rome (1)"]
    assert [*category_notes("tabular", splits, facts)] == expected
    known = {"classes": {"label": ["a"]}, "modality": {"tabular": {"columns": facts}}}
    assert class_notes(Fields({"tabular": KINDS["tabular"]}, {"label": KINDS["label"]}), splits, known) == expected


def test_what_a_kind_says_of_an_input_is_passed_on() -> None:
    kind = KINDS["tabular"].for_column([{"share": "3%"}], ["share"], {})
    (note,) = class_notes(Fields({"tabular": kind}), {"train": []}, {"classes": {}})
    assert note.startswith("column 'share': 1 of 1 cells, such as '3%', look like numbers")
