from __future__ import annotations

import math

import numpy as np
import pytest

from mmexp.dataset.kind.tabular import describe, is_blank, is_number, moments, parse_row, read_row


@pytest.mark.parametrize("value", [None, "", [], float("nan"), "NaN", " nan "])
def test_a_cell_that_says_nothing_is_blank(value):
    assert is_blank(value)
    assert not is_blank(0) and not is_blank("no") and not is_blank(False)


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


@pytest.mark.parametrize(("value", "told"), [(3, True), ("3.5", True), ("1e3", True), ("x", False), ("inf", False)])
def test_a_number_may_be_told_by_text(value, told):
    assert is_number(value) is told


def test_numbers_are_described_by_mean_and_deviation_and_names_by_their_values():
    rows = [{"age": "1", "city": "b"}, {"age": 3, "city": "a"}, {"city": "a"}, {"code": 7}]
    age, city, code = describe(rows, ["age", "city", "code"])
    assert age == {"name": "age", "mean": 2.0, "std": float(np.std([1, 3]))}
    assert city == {"name": "city", "values": ["a", "b"]} and code == {"name": "code", "mean": 7.0, "std": 1.0}


def test_a_column_is_of_numbers_only_if_it_is_in_every_split():
    train = [{"code": "7"}, {"code": "12"}]
    assert describe(train, ["code"], [*train, {"code": "7b"}]) == [{"name": "code", "values": ["12", "7"]}]


def test_moments_of_what_never_changes_or_is_not_there_can_be_divided_by():
    assert moments([2.0, 2.0]) == {"mean": 2.0, "std": 1.0} and moments([]) == {"mean": 0.0, "std": 1.0}


def test_a_row_may_be_typed_as_json():
    assert parse_row('{"age": 3}') == {"age": 3} == parse_row({"age": 3})
    for typed in ("age=3", "[1]", "3"):
        with pytest.raises(ValueError, match=r'must be columns with their values, such as \{"age": 3\}, got'):
            parse_row(typed)
