from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.column import as_mapping
from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.columns import choose, kinds_of, unread
from mmexp.dataset.table.reader import Record
from mmexp.error import ConfigError, DataError

KINDS = standard()


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
            {"video": "frames", "objects": [{}], "mask": "m.png"},
            {"video": "video"},
            {"objects": "objects", "mask": "mask"},
        ),
    ],
)
def test_standard_columns_are_found_where_they_are_filled(values: Any, inputs: Any, targets: Any) -> None:
    assert choose("inputs", None, KINDS.inputs, table(**values), KINDS) == inputs
    assert choose("targets", None, KINDS.targets, table(**values), KINDS) == targets


def test_named_columns_are_taken_in_their_order_and_null_leaves_one_out() -> None:
    rows = table(words="x", photo="a.png", audio="a.wav")
    named = {"text": "words", "image": "photo", "audio": None}
    assert list(choose("inputs", named, KINDS.inputs, rows, KINDS).items()) == [("text", "words"), ("image", "photo")]
    assert choose("targets", {}, KINDS.targets, table(label=1), KINDS) == {}


def test_a_named_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.image must be a column of id, photo, got 'phto'.*'photo'"):
        choose("inputs", {"image": "phto"}, KINDS.inputs, table(id=1, photo="a.png"), KINDS)


def test_a_named_column_that_is_empty_everywhere_is_refused() -> None:
    with pytest.raises(DataError, match=r"column 'image' of dataset\.inputs\.image must have a value in some row"):
        choose("inputs", {"image": "image"}, KINDS.inputs, table(image=None, text="x"), KINDS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"imgae": "x"}, r"dataset\.inputs\.imgae is not known\. Did you mean 'image'"),
        (["image"], r"dataset\.inputs must be a mapping, got \['image'\]\. Set 'dataset\.inputs=\{image: image\}' or"),
    ],
)
def test_a_mapping_has_known_names_where_they_are_given(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        as_mapping("dataset.inputs", given, list(KINDS.inputs))
    assert as_mapping("dataset.inputs", None) is None


def test_an_input_may_be_read_from_several_columns() -> None:
    rows = table(age=3, city=None, label=1)
    assert choose("inputs", {"tabular": ["age", "city"]}, KINDS.inputs, rows, KINDS) == {"tabular": ["age", "city"]}
    assert choose("inputs", None, {"person": (["age", "city"], "label")}, rows, KINDS) == {"person": ["age", "city"]}
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.person must be a column of age, city, label, got 'size'"):
        choose("inputs", {"person": ["age", "size"]}, KINDS.inputs, rows, KINDS)
    with pytest.raises(DataError, match=r"column city of dataset\.inputs\.person must have a value in some row"):
        choose("inputs", {"person": ["city"]}, KINDS.inputs, rows, KINDS)


@pytest.mark.parametrize(
    ("kind", "named", "cure"),
    [
        ("targets", {"label": ["a", "b"]}, r" Set dataset\.targets\.label=a instead\."),
        ("inputs", {"image": ["a", "b"]}, r" Set 'dataset\.inputs=\{image: null, tabular: \[a,b\]\}' instead\."),
        ("inputs", {"x": []}, ""),
    ],
)
def test_what_must_be_one_column_is_refused_as_several(kind: str, named: Any, cure: str) -> None:
    with pytest.raises(ConfigError, match=rf"dataset\.{kind}\.\w+ must be one column, got .*\]\.{cure}$"):
        choose(kind, named, KINDS.inputs, table(a=1, b=2), KINDS)


def test_an_input_may_not_have_the_name_of_the_target_that_is_a_file() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.inputs\.mask must have another name, got mask, which is a target"):
        choose("inputs", {"mask": "mask"}, KINDS.inputs, table(mask="m.png"), KINDS)


def column(*cells: Any) -> list[Record]:
    return [Record(f"r{n}", f"m.csv:{n + 2}", {"a": cell, "b": "x.png"}) for n, cell in enumerate(cells)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([None, [1, 2], "z", [3]], "vector"),
        ([[1, 2], "z"], "vector"),
        (["4", None, "?", 5.5], "tabular"),
        (["a.png", "b.jpg", "gone"], "image"),
        (["see a.png here", "so it is", "b.jpg"], "text"),
        (["v1.2", "e.g. this", "one.two three"], "text"),
        (["see node.js", "plain", "more"], "text"),
        (["so.Then", "a b", "http://x.org is it", "c"], "text"),
        ([None, None], "text"),
    ],
)
def test_a_name_says_the_kind_else_all_cells_do_in_any_order(cells: list[Any], kind: str) -> None:
    for order in (1, -1):
        found = kinds_of({"left": "a", "front": "b", "text": "b"}, column(*cells[::order]), KINDS)
        names = {name: KINDS.name(kind) for name, kind in found.items()}
        assert names == {"left": kind, "front": "image", "text": "text"}


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (["b.heic", "a.HEIC"], r"must be paths of files that are read \(.*\.png.*\), got 'a\.HEIC'"),
        (["my cat.avif", None, "x/my dog.avif"], r"files that are read .*, got 'my cat\.avif'"),
        (["a.png", "b.heic", "c.heic"], r"files that are read .*, got 'b\.heic'"),
        (["clip.mp4", "clip.m4a", "some words"], r"files that are read .*, got 'clip\.m4a'"),
        (["https://x.org/a.png?w=1", "https://x.org/b"], r"must be the path of a file, not a URL, .* got 'https://x"),
        (["s3://a/b"], "must be the path of a file, not a URL"),
        (["data:image/png;base64,AAAA"], "must be the path of a file, not its content"),
        (["iVBORw0KGgo" * 8], r"not its content, got 'iVBORw0KGgoiVBORw0KG.*' of 88 characters"),
    ],
)
def test_a_column_that_names_files_which_nothing_reads_is_no_text(cells: list[Any], rule: str) -> None:
    for order in (1, -1):
        with pytest.raises(DataError, match=rf"m\.csv:\d, sample r\d: column 'a' of photo .*{rule}") as caught:
            kinds_of({"photo": "a"}, column(*cells[::order]), KINDS)
        assert "dataset.inputs={photo: null, text: a}" in caught.value.hint


def test_another_table_is_of_the_kinds_of_training() -> None:
    trained = {"left": {"kind": "text"}}
    assert KINDS.name(kinds_of({"left": "a"}, column("4", "5"), KINDS, trained)["left"]) == "text"
    assert unread("a.heic", KINDS) and not unread("a.png", KINDS) and not unread(3, KINDS)


def test_several_columns_are_one_row_of_a_table() -> None:
    found = kinds_of({"person": ["age", "city"], "tabular": "age"}, [], KINDS)
    assert {KINDS.name(kind) for kind in found.values()} == {"tabular"}


def test_commas_that_may_mean_either_are_refused_with_the_row() -> None:
    with pytest.raises(
        DataError, match=r"m\.csv:\d, sample r1: tabular column 'a' must show what .*got only such as '2,000'"
    ):
        kinds_of({"tabular": ["a"]}, column("7", "2,000", "3,000"), KINDS)
