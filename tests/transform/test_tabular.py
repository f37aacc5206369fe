from __future__ import annotations

import pytest
import torch

from mmexp.error import DataError
from mmexp.transform.tabular import UNKNOWN, TabularTransform

COLUMNS = [{"name": "age", "mean": 10.0, "std": 2.0}, {"name": "city", "values": ["aa", "bb"]}]


def test_numbers_are_standardised_and_categories_numbered():
    transform = TabularTransform(columns=COLUMNS)
    rows = [{"age": 14, "city": "bb"}, {"age": "9", "city": "zz"}, {"city": "aa", "other": 1}, {}]
    batch = transform.collate([*map(transform.prepare, rows), None])
    assert batch.values.tolist() == [[2, 2], [-0.5, UNKNOWN], [0, 1], [0, 0], [0, 0]]
    assert batch.mask.tolist() == [[True, True], [True, True], [False, True], [False, False], [False, False]]
    assert batch.values.dtype == torch.float32


def test_a_value_is_written_as_it_was_read():
    age, city = TabularTransform(columns=COLUMNS).columns
    assert age.write(age.read(14)) == 14 and city.write(city.read("bb")) == "bb" and city.write(UNKNOWN) is None


def test_a_category_may_be_given_as_a_number():
    assert TabularTransform(columns=[{"name": "code", "values": ["12", "7"]}]).prepare({"code": 7})[0].tolist() == [2]


@pytest.mark.parametrize("value", ["x", float("nan"), float("inf"), [1]])
def test_what_is_no_number_is_refused_with_its_column(value):
    with pytest.raises(DataError, match="column 'age' must hold a finite number, got"):
        TabularTransform(columns=COLUMNS).prepare({"age": value})


def test_columns_that_cannot_be_read_are_refused():
    with pytest.raises(ValueError, match="columns must have one at least, got none"):
        TabularTransform(columns=[])
    with pytest.raises(ValueError, match=r"std must be positive, got 0\.0 of 'age'"):
        TabularTransform(columns=[{"name": "age", "mean": 1.0, "std": 0.0}])
