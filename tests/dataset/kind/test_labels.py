from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.labels import LabelsKind


@pytest.mark.parametrize(
    ("value", "expected"), [([], []), ("[]", []), ("a", ["a"]), ([" a", 1.0], ["a", 1]), ('["a", "b"]', ["a", "b"])]
)
def test_labels_are_a_list_which_may_be_empty(value: Any, expected: Any) -> None:
    assert LabelsKind().read_target(value) == expected


@pytest.mark.parametrize(("value", "rule"), [(["a", math.nan], "must be a value, got"), (None, "must have a value")])
def test_labels_that_are_not_given_are_refused(value: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        LabelsKind().read_target(value)
