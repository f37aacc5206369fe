from __future__ import annotations

import math

import pytest
import torch

from mmexp.contract import Sample
from mmexp.deploy.agreement import Trial, largest_error, lengths
from mmexp.error import MmexpError
from mmexp.transform.vector import VectorTransform


@pytest.fixture
def trial() -> Trial:
    samples = [Sample(f"s{i}", {"vector": [[1.0, 2.0]] * (5 - i)}, {}) for i in range(4)]
    return Trial.of(samples, {"vector": VectorTransform(width=2, max_length=9)})


def test_batches_of_other_sizes_and_lengths_are_compared(trial):
    assert (len(trial.example), lengths(trial.example)) == (3, {"vector": 5})
    assert [(len(one), lengths(one)["vector"]) for one in trial.others] == [(1, 2), (2, 3), (4, 5)]


def test_an_error_above_the_limit_is_refused(trial):
    assert [one["error"] for one in trial.compare(lambda batch: 1e-5)] == [1e-5] * 3
    with pytest.raises(MmexpError, match=r"largest absolute error must be at most 0.0001, got 0.5"):
        trial.compare(lambda batch: 0.5 if len(batch) == 2 else 0.0)
    with pytest.raises(MmexpError, match="got nan"):
        trial.compare(lambda batch: math.nan)


def test_a_split_without_samples_compares_nothing():
    with pytest.raises(MmexpError, match="samples must be at least 1, got 0"):
        Trial.of([], {})


@pytest.mark.parametrize(
    ("got", "error"),
    [
        ([1.0, -math.inf, math.nan], 0.0),
        ([1.5, -math.inf, math.nan], 0.5),
        ([1.0, 0.0, math.nan], math.inf),
        ([1.0, -math.inf, 0.0], math.inf),
        ([1.0], math.inf),
    ],
)
def test_the_largest_error_sees_what_is_not_finite_and_other_shapes(got, error):
    wanted = {"a": torch.tensor([1.0, -math.inf, math.nan])}
    assert largest_error(wanted, {"a": torch.tensor(got)}) == error
    assert largest_error(wanted, {}) == math.inf
