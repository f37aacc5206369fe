from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mmexp.dataset.kind.vector import VectorKind, describe, read_vector


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2.5], [1, 2.5]),
        ("[1, 2.5]", [1, 2.5]),
        (" [[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ([[0.5]], [[0.5]]),
    ],
)
def test_numbers_are_read_also_from_the_text_of_a_cell(value: Any, expected: Any) -> None:
    numbers = read_vector(value)
    assert numbers.dtype == np.float32 and numbers.tolist() == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("one", "must be a list of numbers, got 'one'"),
        ("[1, 2", r"must be a list of numbers, got '\[1, 2'"),
        ({"a": 1}, "must be a list of numbers, got {'a': 1}"),
        (3, "must be a list of numbers, got 3"),
        ([1, math.nan], "must be finite numbers, got nan"),
        ("[1, NaN]", "must be finite numbers, got nan"),
        ([[1, 2], [math.inf, 0]], "must be finite numbers, got inf"),
        ([1e39], r"must be finite numbers, got 1e\+39"),
        ([10**400], "must be finite numbers, got 1000"),
        ([1, None], "must be finite numbers, got None"),
        ([1, "2"], "must be finite numbers, got '2'"),
        ([True], "must be finite numbers, got True"),
        ([1, [2]], r"must be finite numbers, got \[2\]"),
        ([[1, 2], [3]], "must be vectors of one width, got 2 numbers and 1 numbers"),
        ([[1, 2], 3], "must be vectors of one width, got 2 numbers and 3"),
        ([[]], "must be vectors of one width, got 0 numbers and 0 numbers"),
        ([[[1]]], r"must be finite numbers, got \[1\]"),
    ],
)
def test_what_is_no_vector_is_refused_with_its_value(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_vector(value)


def test_vectors_and_sequences_of_a_width_have_a_form_each() -> None:
    kind = VectorKind()
    assert kind.form(read_vector([1, 2])) == "one vector of 2 numbers"
    assert kind.form(read_vector([[1, 2, 3]])) == "a sequence of vectors of 3 numbers"


def test_single_vectors_are_described_number_by_number() -> None:
    values = [read_vector([1, 5, 1e6]), read_vector([3, 5, 2e6])]
    assert describe(values) == {"width": 3, "length": None, "mean": [2, 5, 1.5e6], "std": [1, 1, 5e5]}


def test_sequences_are_described_over_all_places() -> None:
    values = [read_vector([[0], [1]]), read_vector([[2]])]
    assert describe(values) == {"width": 1, "length": 2, "mean": [1], "std": [0.816497]}


def test_equal_vectors_are_of_one_sample() -> None:
    assert VectorKind().identifies([[1.0], [1.0]])
