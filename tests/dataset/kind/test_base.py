from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.captions import CaptionsKind
from mmexp.dataset.kind.labels import LabelsKind
from mmexp.error import ConfigError


class PointsKind(Kind):
    suffixes = (".points.npy", ".npy")


def test_a_plain_value_stays_what_it_is() -> None:
    assert Kind().read_target(4.5) == 4.5 and Kind().members(["a", "b"]) == ["a", "b"] and Kind().members(3) == [3]


@pytest.mark.parametrize(("value", "rule"), [(math.inf, "must be a value, got inf"), (None, "must have a value, got")])
def test_a_value_that_is_none_is_refused(value: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Kind().read_target(value)


def test_nan_as_json_writes_it_is_refused() -> None:
    with pytest.raises(ValueError, match="must be a value, got nan"):
        Kind().read_target(json.loads("NaN"))


def test_a_longer_suffix_is_more_specific() -> None:
    kind = PointsKind()
    assert kind.specificity("a/b.POINTS.npy") > kind.specificity("b.npy") > 0 == kind.specificity("b.npz")
    assert kind.specificity(3) == kind.specificity(".npy") == 0


def test_only_numbers_are_named() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.classes\.label must be the classes of a target of numbers"):
        Kind().named("dataset.classes.label", ["a"])


def test_classes_are_summarised_by_how_often_they_occur() -> None:
    assert LabelsKind().summarise([["b", "a"], [], ["b"]]) == {"counts": [["b", 2], ["a", 1]]}
    assert CaptionsKind().summarise([["a red ball"]]) is None
