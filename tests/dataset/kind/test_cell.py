from __future__ import annotations

import pytest

from mmexp.dataset.kind.cell import absent, as_list, parse


def test_only_json_lists_are_parsed() -> None:
    assert [parse(value) for value in ("[1]", "[x", "a", "", None, 3)] == [[1], "[x", "a", "", None, 3]
    assert parse("[" * 100_000) == "[" * 100_000


def test_an_empty_cell_stays_empty_as_a_list() -> None:
    assert as_list(None) is None
    assert as_list("a") == ["a"] and as_list('["a"]') == ["a"] and as_list("[x") == ["[x"]


@pytest.mark.parametrize(("value", "empty"), [(None, True), ("", True), ([], True), (0, False), (" ", False)])
def test_null_and_nothing_are_empty(value: object, empty: bool) -> None:
    assert absent(value) is empty
