from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.tabular import TabularKind, describe, is_plain, moments, parse_row, read_row
from mmexp.dataset.kind.whole_column import Undecided

FOLDER = Folder(Path(), Path())


def test_cells_stay_what_they_are_and_truth_becomes_text():
    assert read_row({"a": 3, "b": 2.5, "c": "x", "d": True, "e": "4"}) == {
        "a": 3,
        "b": 2.5,
        "c": "x",
        "d": "true",
        "e": "4",
    }


@pytest.mark.parametrize("value", [[1], {"x": 1}, math.inf])
def test_a_cell_of_another_kind_is_refused_with_its_column(value):
    with pytest.raises(ValueError, match="column 'age' must be a finite number or a text, got"):
        read_row({"age": value})


def rows_of(kind: TabularKind, cells: list[Any], trained: Mapping[str, Any] = MappingProxyType({})) -> list[Any]:
    """What a column of these cells is read as, None where a cell is missing."""
    table = [{"age": cell} for cell in cells]
    own = kind.for_column(table, "age", trained)
    picked = [own.pick(row, "age") for row in table]
    return [None if cell is None else own.read(cell, FOLDER)["age"] for cell in picked]


def test_numbers_are_described_by_mean_and_deviation_and_categories_by_their_values():
    rows = [{"age": "1", "city": "b"}, {"age": 3, "city": "a"}, {"city": "a"}, {"code": 7}]
    age, city, code = describe(rows, ["age", "city", "code"], ["age"])
    assert age == {"name": "age", "mean": 2.0, "std": float(np.std([1, 3]))}
    assert city == {"name": "city", "values": ["a", "b"]} and code == {"name": "code", "values": ["7"]}


@pytest.mark.parametrize("mark", ["", None, "NA", "n/a", "null", "nan", "None", "?", " - ", math.nan])
def test_a_mark_in_a_column_of_numbers_is_a_missing_cell(mark: Any):
    assert rows_of(TabularKind(), [31, mark, "32.5"]) == [31, None, "32.5"]


def test_a_decimal_sign_that_is_set_for_the_table_counts_where_none_is_set_for_the_kind() -> None:
    assert rows_of(TabularKind().with_decimal("comma"), ["1,200", "2,5"]) == [1.2, 2.5]
    assert rows_of(TabularKind(decimal="point").with_decimal("comma"), ["1,200"]) == [1200.0]
    assert TabularKind(missing=["x"], categories=["code"]).with_decimal("comma").missing == ("x",)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["1.200"], 1200.0), (["1,200"], 1.2), (["1.5"], "1.5"), ([1.5], 1.5), (["1.200,5"], 1200.5)],
)
def test_another_table_is_read_with_the_decimal_sign_of_training_unless_it_shows_its_own(
    cells: list[Any], expected: Any
) -> None:
    trained = {"columns": [{"name": "age", "mean": 0, "std": 1, "decimal": "comma"}]}
    assert rows_of(TabularKind(), cells, trained) == [expected]


def test_the_marks_are_configurable():
    assert rows_of(TabularKind(missing=["unknown"]), [31, "Unknown", 33]) == [31, None, 33]
    with pytest.raises(
        ValueError, match=r"column 'age' must be a finite number, as most .*, got '\?'\. Set 'kind\.tabular\.missing="
    ):
        rows_of(TabularKind(missing=["unknown"]), [31, "?", 33])


@pytest.mark.parametrize("cell", ["old", "inf", "7 %", "1_000"])
def test_a_cell_of_a_column_of_numbers_that_is_neither_is_refused(cell: str):
    with pytest.raises(
        ValueError, match=rf"column 'age' must be a finite number, as most of its cells are, got '{cell}'"
    ):
        rows_of(TabularKind(), [31, 32, cell, 34])


def test_marks_and_commas_in_a_column_of_categories_stay_what_they_are():
    assert rows_of(TabularKind(), ["x,1", "?", "y", 3]) == ["x,1", "?", "y", 3]
    assert rows_of(TabularKind(categories=["age"]), ["7", "7b", "12"]) == ["7", "7b", "12"]


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,5", "2", "10,25"], [1.5, 2, 10.25]),
        (["3,100", "2,400.5", "12"], [3100, 2400.5, "12"]),
        (["1,250,000", "3,100"], [1250000, 3100]),
        (["1.250,5", "3.100", 7.5], [1250.5, 3100, 7.5]),
        (["2 500", "900"], [2500, "900"]),
    ],
)
def test_commas_are_read_as_the_whole_column_has_them(cells: list[Any], numbers: list[Any]):
    for order in (1, -1):
        found = rows_of(TabularKind(), cells[::order])
        assert list(map(float, found)) == list(map(float, numbers[::order]))


def test_commas_that_may_mean_either_are_refused_with_both_readings():
    with pytest.raises(
        Undecided, match="column 'age' must show what its commas mean, got only such as '3,100'"
    ) as caught:
        rows_of(TabularKind(), ["?", "4,200", "3,100"])
    assert caught.value.row == 2 and caught.value.hint == (
        "Set kind.tabular.decimal=point to read it as 3100, or kind.tabular.decimal=comma as 3.1."
    )
    assert rows_of(TabularKind(decimal="comma"), ["3,100", "4,200"]) == [3.1, 4.2]
    with pytest.raises(ValueError, match="TabularKind: decimal must be point, comma or null, got 'x'"):
        TabularKind(decimal="x")  # type: ignore[arg-type]


def test_a_column_is_what_it_was_in_training_whatever_another_table_holds():
    numbers = {"columns": [{"name": "age", "mean": 0.0, "std": 1.0, "decimal": "comma"}]}
    assert rows_of(TabularKind(), ["3,100", "?"], numbers) == [3.1, None]
    names = {"columns": [{"name": "age", "values": ["7", "?"]}]}
    assert rows_of(TabularKind(), ["7", "?"], names) == ["7", "?"]


def test_facts_keep_the_way_that_decimals_were_written():
    table = [{"age": "1,5", "city": "b"}, {"age": "2,5", "city": "7"}]
    kind = TabularKind().for_column(table, ["age", "city"], {})
    rows = [kind.read(kind.pick(row, ["age", "city"]), FOLDER) for row in table]
    assert kind.describe(rows, ["age", "city"], rows) == {
        "columns": [
            {"name": "age", "mean": 2.0, "std": 0.5, "decimal": "comma"},
            {"name": "city", "values": ["7", "b"]},
        ]
    }


def test_moments_of_what_never_changes_or_is_not_there_can_be_divided_by():
    assert moments([2.0, 2.0]) == {"mean": 2.0, "std": 1.0} and moments([]) == {"mean": 0.0, "std": 1.0}


def test_a_number_as_python_writes_it_is_plain():
    assert is_plain(3) and is_plain("3.5") and not is_plain("3,5") and not is_plain("2 500") and not is_plain("inf")


def test_a_row_may_be_typed_as_json():
    assert parse_row('{"age": 3}') == {"age": 3} == parse_row({"age": 3})
    for typed in ("age=3", "[1]", "3"):
        with pytest.raises(ValueError, match=r'must be columns with their values, such as \{"age": 3\}, got'):
            parse_row(typed)


@pytest.mark.parametrize(
    "cells", [["5%", "7%", "9%"], ["1_500", "900 kg", "old", "new"], ["2024-05-01"], ["9", "x", "y"]]
)
def test_categories_that_look_like_numbers_are_said_with_what_to_do(cells: list[str]) -> None:
    table = [{"age": cell} for cell in cells]
    (note,) = TabularKind().for_column(table, "age", {}).notes("tabular")
    assert re.match(r"column 'age': \d of \d cells, such as '\d.*', look like numbers but are categories", note)
    assert TabularKind(categories=["age"]).for_column(table, "age", {}).notes("tabular") == []


@pytest.mark.parametrize("cells", [["3", "4", "5"], ["red", "blue"], [True, False], ["9", "a", "b", "c", "d"]])
def test_nothing_is_said_of_numbers_and_plain_categories(cells: list[Any]) -> None:
    assert TabularKind().for_column([{"age": cell} for cell in cells], "age", {}).notes("tabular") == []


def test_equal_rows_are_one_sample_unless_many_are_equal() -> None:
    rows = [{"age": n, "city": "Oslo"} for n in range(20)]
    assert TabularKind().identifies([*rows, rows[0]]) and not TabularKind().identifies([*rows, *rows[:4]])
