from __future__ import annotations

import math

import pytest
import torch

from mmexp.fusion.fixed_weights import read_weights, renormalised


def test_what_is_not_named_weighs_one():
    assert read_weights("X", ["a", "b", "c"], {"b": 3, "c": 0}).tolist() == [1, 3, 0]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"smell": 1}, "X: fixed_weights must be of a, b, got 'smell'"),
        ({"a": -0.5}, "fixed_weights must be finite and 0 or more, got -0.5 for a"),
        ({"b": math.inf}, "fixed_weights must be finite and 0 or more, got inf for b"),
        ({"b": math.nan}, "fixed_weights must be finite and 0 or more, got nan for b"),
        ({"a": 0, "b": 0}, r"fixed_weights must be above 0 for one modality or more, got {'a': 0, 'b': 0}"),
    ],
)
def test_weights_that_mean_nothing_are_refused(given, rule):
    with pytest.raises(ValueError, match=rule):
        read_weights("X", ["a", "b"], given)


def test_those_present_share_the_weight_of_those_absent():
    present = torch.tensor([[True, True, True], [True, False, True], [False, False, True], [False] * 3])
    found = renormalised(torch.tensor([1.0, 3.0, 0.0]), present)
    assert found.tolist() == [[0.25, 0.75, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]
