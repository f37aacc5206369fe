from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mmexp.dataset.table.columns import INPUTS, TARGETS, as_list, as_mapping, choose, read_target, read_text
from mmexp.dataset.table.reader import Record
from mmexp.error import ConfigError, DataError


def table(**values: Any) -> list[Record]:
    return [Record("a", "m.jsonl:1", values)]


@pytest.mark.parametrize(
    ("values", "inputs", "targets"),
    [
        ({"image": "a.png", "audio": "a.wav"}, {"image": "image", "audio": "audio"}, {}),
        (
            {"image": "a.png", "question": "?", "answer": "!"},
            {"image": "image", "text": "question"},
            {"answer": "answer"},
        ),
        ({"title": "x", "question": "?"}, {"text": "title"}, {}),
        ({"image": "a.png", "captions": ["x"]}, {"image": "image", "text": "captions"}, {"captions": "captions"}),
        ({"text": "x", "captions": ["x"]}, {"text": "text"}, {"captions": "captions"}),
        (
            {"text": "x", "label": 0, "labels": [], "answers": ["y"]},
            {"text": "text"},
            {"label": "label", "answers": "answers"},
        ),
        ({"text": "x", "image": None}, {"text": "text"}, {}),
        ({"vector": [1, 2], "label": 0}, {"vector": "vector"}, {"label": "label"}),
        ({"tokens": ["a"], "tags": ["O"], "score": 1}, {"words": "tokens"}, {"tags": "tags", "score": "score"}),
        (
            {"video": "film", "objects": [{}], "mask": "m.png"},
            {"video": "video"},
            {"objects": "objects", "mask": "mask"},
        ),
    ],
)
def test_standard_columns_are_found_where_they_are_filled(values: Any, inputs: Any, targets: Any) -> None:
    assert choose("inputs", None, INPUTS, table(**values)) == inputs
    assert choose("targets", None, TARGETS, table(**values)) == targets


def test_named_columns_are_taken_in_their_order_and_null_leaves_one_out() -> None:
    rows = table(words="x", photo="a.png", audio="a.wav")
    named = {"text": "words", "image": "photo", "audio": None}
    assert list(choose("inputs", named, INPUTS, rows).items()) == [("text", "words"), ("image", "photo")]
    assert choose("targets", {}, TARGETS, table(label=1)) == {}


def test_a_named_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.image must be a column of id, photo, got 'foto'.*'photo'"):
        choose("inputs", {"image": "foto"}, INPUTS, table(id=1, photo="a.png"))


def test_a_named_column_that_is_empty_everywhere_is_refused() -> None:
    with pytest.raises(DataError, match=r"column 'image' of dataset\.inputs\.image must have a value in some row"):
        choose("inputs", {"image": "image"}, INPUTS, table(image=None, text="x"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"imgae": "x"}, r"dataset\.inputs\.imgae is not known\. Did you mean 'image'"),
        (["image"], r"dataset\.inputs must be a mapping, got \['image'\]\. Type dataset\.inputs\.image="),
    ],
)
def test_a_mapping_has_known_names_where_they_are_given(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        as_mapping("dataset.inputs", given, list(INPUTS))
    assert as_mapping("dataset.inputs", None) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("label", 0, 0),
        ("label", "x", "x"),
        ("label", False, False),
        ("captions", "one", ["one"]),
        ("captions", '["one", "two"]', ["one", "two"]),
        ("captions", "[not json", ["[not json"]),
        ("captions", [""], [""]),
        ("labels", [], []),
        ("labels", "[]", []),
        ("answers", ["a", "a"], ["a", "a"]),
        ("answer", "nan", "nan"),
        ("rating", 4.5, 4.5),
    ],
)
def test_a_target_is_read(name: str, value: Any, expected: Any) -> None:
    assert read_target(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("label", None, "must have a value, got None"),
        ("label", "", "must have a value, got ''"),
        ("captions", [], r"must have a value, got \[\]"),
        ("label", math.nan, "must be a value, got nan"),
        ("label", "NaN", "must be a value, got 'NaN'"),
        ("rating", math.inf, "must be a value, got inf"),
        ("labels", ["a", math.nan], "must be a value, got"),
        ("label", ["a"], r"must be one value, got \['a'\]"),
        ("captions", ["a", 3], r"must be text or a list of texts, got \['a', 3\]"),
    ],
)
def test_a_target_without_a_usable_value_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_target(name, value)


def test_nan_as_json_writes_it_is_refused() -> None:
    with pytest.raises(ValueError, match="must be a value, got nan"):
        read_target("label", json.loads("NaN"))


def test_text_is_one_or_several_strings() -> None:
    assert read_text("a") == "a"
    assert read_text(["a", "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="must be text or a list of texts, got 3"):
        read_text(3)


def test_nothing_stays_nothing_as_a_list() -> None:
    assert as_list(None) is None
    assert as_list("a") == ["a"]


def test_an_input_may_be_read_from_several_columns() -> None:
    rows = table(age=3, city=None, label=1)
    assert choose("inputs", {"tabular": ["age", "city"]}, INPUTS, rows) == {"tabular": ["age", "city"]}
    assert choose("inputs", None, {"person": (["age", "city"], "label")}, rows) == {"person": ["age", "city"]}
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.person must be a column of age, city, label, got 'size'"):
        choose("inputs", {"person": ["age", "size"]}, INPUTS, rows)
    with pytest.raises(DataError, match=r"column city of dataset\.inputs\.person must have a value in some row"):
        choose("inputs", {"person": ["city"]}, INPUTS, rows)


@pytest.mark.parametrize(
    ("kind", "named"), [("targets", {"label": ["a", "b"]}), ("inputs", {"image": ["a", "b"]}), ("inputs", {"x": []})]
)
def test_what_must_be_one_column_is_refused_as_several(kind: str, named: Any) -> None:
    with pytest.raises(ConfigError, match=rf"dataset\.{kind}\.\w+ must be one column, got .*inputs\.tabular="):
        choose(kind, named, INPUTS, table(a=1, b=2))


def test_an_input_may_not_have_the_name_of_the_target_that_is_a_file() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.mask must have another name, got mask, which is a target"):
        choose("inputs", {"mask": "mask"}, INPUTS, table(mask="m.png"))


def test_targets_of_a_form_of_their_own_are_read_in_it() -> None:
    assert read_target("tags", "O B-x") == ["O", "B-x"] and read_target("score", "2") == 2.0
    assert read_target("objects", []) == [] and read_target("transcript", "nan") == "nan"
    for name in ("tags", "score", "transcript", "mask", "objects"):
        with pytest.raises(ValueError, match="must have a value, got None"):
            read_target(name, None)
