from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.label import LabelKind


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
