from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.leak import LeakPolicy, leaks, repeated, same_samples
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Fields, Row
from mmexp.error import ConfigError, DataError

FIELDS = Fields({name: standard()[name] for name in ("image", "video", "text")})
INSPECTED = {("image", f"{name}.png"): Inspection(content) for name, content in zip("abcd", "1213", strict=True)}


def row(name: str, **inputs: Any) -> Row:
    return Row(name, "m:1", inputs, {}, FIELDS)


SPLITS: Any = {
    "train": [row("r0", image="a.png"), row("r1", image="b.png", text="x"), row("r2", text="x")],
    "val": [row("r3", image="d.png", text="x")],
    "test": [row("r4", image="c.png"), row("r5", image="b.png")],
}


def test_the_same_content_in_two_splits_is_found_whatever_the_names() -> None:
    found = [(one, first.id, two, second.id) for one, first, two, second in leaks("image", SPLITS, INSPECTED)]
    assert found == [("train", "r0", "test", "r4"), ("train", "r1", "test", "r5")]


def test_all_frames_of_a_video_must_be_the_same() -> None:
    inspected = {("video", name): Inspection(name) for name in "ab"}
    splits: Any = {"train": [row("r0", video=["a", "b"])], "test": [row("r1", video=["a", "a"])]}
    assert not list(leaks("video", splits, inspected))
    splits["test"].append(row("r2", video=["a", "b"]))
    assert [second.id for *_, second in leaks("video", splits, inspected)] == ["r2"]


@pytest.mark.parametrize(
    ("rows", "grouped", "hint"),
    [
        (["r5"], None, "Set dataset.group_by=photo to keep rows of one file on one side, or dataset.on_leak=warn"),
        (["r4"], None, "Remove one of each, or set dataset.on_leak=warn"),
        (["r5"], "site", "Remove one of each, or set dataset.on_leak=warn"),
    ],
)
def test_a_leak_is_refused_with_the_samples_and_what_to_set(rows: list[str], grouped: str | None, hint: str) -> None:
    splits = {**SPLITS, "test": [one for one in SPLITS["test"] if one.id in rows]}
    rule = r"m\.csv: image must be of one split, got the same file content in two for 1 samples: r. \(train\)"
    with pytest.raises(DataError, match=rule) as caught:
        LeakPolicy("raise", grouped).check(splits, INSPECTED, {"image": "photo", "text": "text"}, "m.csv")
    assert caught.value.hint.startswith(hint) and caught.value.exit_code == 3


def test_a_group_is_suggested_only_if_it_leaves_one_for_each_split() -> None:
    one: Any = {name: [row(name, image="a.png")] for name in ("train", "val", "test")}
    with pytest.raises(DataError, match="got the same file content in two for 2 samples") as caught:
        LeakPolicy("raise", None).check(one, INSPECTED, {"image": "photo"}, "m.csv")
    assert caught.value.hint.startswith("Remove one of each")


def test_a_leak_that_is_allowed_is_said() -> None:
    (note,) = LeakPolicy("warn", None).check(SPLITS, INSPECTED, {"image": "photo"}, "m.csv")
    assert note.startswith(
        "leak: 2 samples have the very image of a sample of another split: r0 (train) and r4 (test);"
    )
    with pytest.raises(ConfigError, match=r"dataset\.on_leak must be raise or warn, got 'no'"):
        LeakPolicy("no", None)


def test_records_that_share_a_file_directly_or_through_others_are_one() -> None:
    cells = [("a", "1"), ("b", "2"), ("c", "2"), ("a", "3"), ("d", "3"), ("e", "4"), (None, None), (None, None)]
    records = [Record(f"r{n}", "m", {"image": one, "front": two}) for n, (one, two) in enumerate(cells)]
    kinds = {"image": standard()["image"], "front": standard()["image"], "text": standard()["text"]}
    columns = {"image": "image", "front": "front", "text": "text"}
    assert same_samples(records, columns, kinds) == ["r0", "r1", "r1", "r0", "r0", "r5", "r6", "r7"]
    back = same_samples(records[::-1], columns, kinds)
    assert back[::-1] == same_samples(records, columns, kinds)


def test_the_same_text_in_two_splits_is_said_where_there_are_no_files() -> None:
    splits: Any = {
        "train": [row("r0", text="so\ud800"), row("r1", text="x", image="a.png"), row("r2")],
        "test": [row("r3", text="so\ud800"), row("r4", text="x"), row("r5")],
    }
    assert [(first.id, second.id) for _, first, _, second in repeated(splits)] == [("r0", "r3")]
    (note,) = LeakPolicy("raise", None).check(splits, INSPECTED, {"text": "text"}, "m.csv")
    assert note.startswith(
        "leak: 1 samples without files have the very inputs of a sample of another split: r0 (train)"
    )


def test_a_column_with_a_blank_is_quoted_in_what_to_type() -> None:
    with pytest.raises(DataError, match="must be of one split, got the same file") as caught:
        LeakPolicy("raise", None).check(
            {**SPLITS, "test": SPLITS["test"][1:]}, INSPECTED, {"image": "my photo"}, "m.csv"
        )
    assert caught.value.hint.startswith("Set 'dataset.group_by=\"my photo\"' to keep")


def numbers(name: str, **inputs: Any) -> Row:
    fields = Fields({one: standard()[one] for one in ("vector", "text", "tabular")})
    return Row(name, "m:1", inputs, {}, fields)


def test_a_row_of_the_same_numbers_in_two_splits_is_refused_and_one_that_differs_in_any_is_not() -> None:
    train = [numbers("r0", vector=np.arange(2000, dtype=np.float32), text="x"), numbers("r1", text="x")]
    other = np.arange(2000, dtype=np.float32)
    other[1000] += 1
    splits: Any = {"train": train, "test": [numbers("r2", vector=other, text="x"), numbers("r3", text="x")]}
    (note,) = LeakPolicy("raise", None).check(splits, {}, {"vector": "v", "text": "t"}, "m.csv")
    assert note.startswith("leak: 1 samples without files have the very inputs of a sample of another split: r1")
    splits["test"].append(numbers("r4", vector=train[0].inputs["vector"].copy(), text="x"))
    rule = r"vector, text must be of one split, got the same in two for 1 samples: r0 \(train\) and r4 \(test\)"
    with pytest.raises(DataError, match=rule) as caught:
        LeakPolicy("raise", None).check(splits, {}, {"vector": "v", "text": "t"}, "m.csv")
    assert caught.value.hint == "Remove one of each, or set dataset.on_leak=warn to go on all the same."
    assert len(LeakPolicy("warn", None).check(splits, {}, {"vector": "v"}, "m.csv")) == 1
    assert LeakPolicy("raise", None).check(splits, {}, {}, "m.csv") == []


def test_rows_of_a_table_are_refused_only_where_rows_differ_as_a_rule() -> None:
    train = [numbers(f"r{n}", tabular={"age": n}) for n in range(20)]
    splits: Any = {"train": train, "test": [numbers("t0", tabular={"age": 3})]}
    with pytest.raises(DataError, match="tabular must be of one split, got the same in two for 1 samples"):
        LeakPolicy("raise", None).check(splits, {}, {"tabular": "age"}, "m.csv")
    splits["train"] += [numbers(f"s{n}", tabular={"age": n}) for n in range(20)]
    (note,) = LeakPolicy("raise", None).check(splits, {}, {"tabular": "age"}, "m.csv")
    assert note.startswith("leak: 1 samples without files")


def test_records_of_the_same_numbers_are_drawn_together_and_those_of_the_same_text_are_not() -> None:
    cells = [([1, 2], "a"), ([1, 2], "b"), ([1, 2], "a"), (None, "a"), (None, "a")]
    records = [Record(f"r{n}", "m", {"v": one, "t": two}) for n, (one, two) in enumerate(cells)]
    kinds = {"vector": standard()["vector"], "text": standard()["text"]}
    assert same_samples(records, {"vector": "v", "text": "t"}, kinds) == ["r0", "r1", "r0", "r3", "r4"]
