from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.number import MISSING, decimal_of, is_missing, is_number, read_number, resembles_number


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [
        (3, 3, 3),
        (2.5, 2.5, 2.5),
        ("3.5", 3.5, None),
        (" -1e3 ", -1000, -1000),
        ("\u22124", -4, -4),
        ("1,500", 1500, 1.5),
        ("1,50", None, 1.5),
        ("1.500", 1.5, 1500),
        ("1,500.25", 1500.25, None),
        ("1.500,25", None, 1500.25),
        ("1\u202f500", 1500, 1500),
        (".5", 0.5, None),
        ("1_000", None, None),
        ("3%", None, None),
        ("inf", None, None),
        ("1e999", None, None),
        (math.inf, None, None),
        ("", None, None),
        ("-", None, None),
        (True, None, None),
        ([3], None, None),
    ],
)
def test_a_number_is_read_by_what_its_commas_mean(cell: Any, point: float | None, comma: float | None):
    assert read_number(cell) == point and read_number(cell, "comma") == comma and is_number(cell) == (point is not None)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1", 2.5, None], "point"),
        (["1,5", "2"], "comma"),
        (["1,500", "1,500.5"], "point"),
        (["1,500,000", "1,500"], "point"),
        (["1,500", "0.5"], "point"),
        (["1.500,5", "2.500"], "comma"),
        (["1,500", "2,500"], None),
        (["1,500", "20"], None),
        (["Rome, Italy"], "point"),
    ],
)
def test_what_commas_mean_is_read_from_all_cells_in_any_order(cells: list[Any], decimal: str | None):
    assert decimal_of(cells) == decimal == decimal_of(cells[::-1])


def test_a_missing_number_is_an_empty_cell_or_a_mark():
    assert all(map(is_missing, [None, "", " ", [], math.nan, "NaN", *MISSING]))
    assert not any(map(is_missing, [0, "0", "no", False])) and not is_missing("?", ["x"]) and is_missing(" X ", ["x"])


def test_a_text_with_a_sign_or_a_unit_resembles_a_number() -> None:
    for cell in ("3%", "$5", "-4 \u00b0C", "12 kg", "1_000", "2021-03-01", "10:30", "1/2", "5\u20ac"):
        assert resembles_number(cell), cell
    for cell in ("3", 3, "1,200", "", "old", "B12", "two", "3 little pigs", None):
        assert not resembles_number(cell), cell
