from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.label import LabelKind, read_class


@pytest.mark.parametrize("value", [0, "x", False])
def test_a_label_stays_what_it_is(value: Any) -> None:
    assert LabelKind().read_target(value) is value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "must have a value, got None"),
        ("", "must have a value, got ''"),
        (math.nan, "must be a value, got nan"),
        ("NaN", "must be a value, got 'NaN'"),
        (["a"], r"must be one value, got \['a'\]"),
    ],
)
def test_a_label_without_one_value_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LabelKind().read_target(value)


def test_a_whole_number_is_an_int_and_a_text_has_no_blanks_around_it() -> None:
    assert LabelKind().read_target(2.0) == 2 and type(LabelKind().read_target(2.0)) is int
    assert LabelKind().read_target(" pos ") == "pos"


@pytest.mark.parametrize("labels", [[0.5, 1.0], ["0.5", "1.0"], ["0.5", 1, None]])
def test_fractions_are_no_classes(labels: list[Any]) -> None:
    kind = LabelKind().for_column([{"y": label} for label in labels], "y", {})
    with pytest.raises(
        ValueError, match=r"must be a class, .*, got '?0\.5'?\. To predict a number, set task=regression"
    ):
        kind.read_target(labels[0])


def test_a_fraction_among_names_is_a_name() -> None:
    kind = LabelKind().for_column([{"y": "1.5"}, {"y": "2.0-beta"}], "y", {})
    assert kind.read_target("1.5") == "1.5"
    with pytest.raises(ValueError, match=r"must be a class, .*, got 1\.5"):
        read_class(1.5, fractions=True)
