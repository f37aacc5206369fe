from __future__ import annotations

from typing import Any

import pytest

from mmexp.dataset.kind.cell import absent, as_list, parse


def test_only_lists_are_parsed() -> None:
    assert [parse(value) for value in ("[1]", "[x", "a", "", None, 3)] == [[1], "[x", "a", "", None, 3]
    assert parse("[" * 100_000) == "[" * 100_000


def test_an_empty_cell_stays_empty_as_a_list() -> None:
    assert as_list(None) is None
    assert as_list("a") == ["a"] and as_list('["a"]') == ["a"] and as_list("[x") == ["[x"]


@pytest.mark.parametrize(("value", "empty"), [(None, True), ("", True), ([], True), (0, False), (" ", False)])
def test_null_and_nothing_are_empty(value: object, empty: bool) -> None:
    assert absent(value) is empty


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("['rain', \"it's\"]", ["rain", "it's"]),
        ("[1, None, True]", [1, None, True]),
        ("['rain' 'snow storm']", ["rain", "snow storm"]),
        ("['rain'\n 'snow']", ["rain", "snow"]),
        ("[1. 2.5 -3e2]", [1.0, 2.5, -300.0]),
        ("[3 4]", [3, 4]),
        ('["a", "b"]', ["a", "b"]),
        ("[]", []),
    ],
)
def test_a_list_is_read_as_json_python_pandas_and_numpy_write_it(text: str, found: list[Any]) -> None:
    assert parse(text) == found == as_list(text)


@pytest.mark.parametrize("text", ["[sic] so", "[a b]", "[1 2", "['a' b]", "[open('x')]", "[1 2] and 3", "['a'] 'b'"])
def test_what_is_no_list_stays_a_text(text: str) -> None:
    assert parse(text) == text and as_list(text) == [text]


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("['red', 'big']", ["red", "big"]),
        ("['red' 'big']", ["red", "big"]),
        ("[\"it's\", 'a\\\\b', 'c\\d']", ["it's", "a\\b", "c\\d"]),
        ("array(['red', 'big'], dtype=object)", ["red", "big"]),
        ("[ 0.5 -1.\n 2e-3]", [0.5, -1.0, 0.002]),
        ("[[1 2]\n [3 4]]", [[1, 2], [3, 4]]),
        ("['a', None, True]", ["a", None, True]),
    ],
)
def test_lists_are_read_as_python_pandas_and_numpy_write_them(cell: str, values: list[object]) -> None:
    assert parse(cell) == as_list(cell) == values


@pytest.mark.parametrize("cell", ["[Applause] hi", "[1 2 ... 9]", "['a'] 'b'", "[1-2]", "[a, b]", "[1] [2]", "['\\x']"])
def test_a_text_in_brackets_that_is_no_list_stays_a_text(cell: str) -> None:
    assert parse(cell) == cell and as_list(cell) == [cell]
