from __future__ import annotations

import pytest
import torch

from mmexp.error import DataError
from mmexp.transform.number import NumberTransform


def test_numbers_stand_in_one_row_and_missing_ones_are_masked():
    transform = NumberTransform(name="score")
    padded = transform.collate([transform.prepare(-1.5), None, transform.prepare("2"), transform.prepare(3)])
    assert padded.values.tolist() == [-1.5, 0, 2, 3] and padded.values.dtype == torch.float32
    assert padded.mask.tolist() == [True, False, True, True]


@pytest.mark.parametrize("raw", ["high", None, float("nan"), float("inf"), [1.0]])
def test_what_is_no_finite_number_is_refused(raw):
    with pytest.raises(DataError, match=r"score must be a finite number, got"):
        NumberTransform(name="score").prepare(raw)
