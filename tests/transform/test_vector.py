from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mmexp.error import DataError
from mmexp.transform.vector import VectorTransform


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("raw", [[1, 2.5, -3], np.array([1, 2.5, -3]), torch.tensor([1, 2.5, -3])])
def test_numbers_become_float32_and_nothing_changes_by_default(raw: Any):
    transform = VectorTransform(width=3)
    prepared = transform.prepare(raw)
    assert prepared.dtype == np.float32 and prepared.tolist() == [1, 2.5, -3]
    assert transform.augment(prepared, rng(0)) is prepared


def test_mean_is_taken_away_and_std_divided_by_for_all_numbers_or_each():
    assert VectorTransform(width=2, mean=1.0, std=2.0).prepare([1, 5]).tolist() == [0, 2]
    transform = VectorTransform(width=2, max_length=4, mean=[1, 2], std=[1, 4])
    prepared = transform.prepare([[1, 2], [3, 6]])
    assert prepared.tolist() == [[0, 0], [2, 1]] and prepared.dtype == np.float32


def test_a_sequence_that_is_too_long_is_cut_at_the_end():
    assert VectorTransform(width=1, max_length=2).prepare([[1], [2], [3]]).tolist() == [[1], [2]]


def test_noise_is_as_strong_as_asked_for_and_decided_by_the_generator_alone():
    transform, zeros = VectorTransform(width=4000, noise=0.5), np.zeros(4000, np.float32)
    first, again, other = (transform.augment(zeros, rng(seed)) for seed in (1, 1, 2))
    assert first.dtype == np.float32 and np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.std() == pytest.approx(0.5, rel=0.05) and abs(first.mean()) < 0.05


def test_vectors_are_stacked_and_a_missing_one_is_masked():
    transform = VectorTransform(width=2)
    batch = transform.collate([transform.prepare([1, 2]), None, transform.prepare([3, 4])])
    assert batch.values.tolist() == [[1, 2], [0, 0], [3, 4]] and batch.mask.tolist() == [True, False, True]
    assert transform.collate([None]).values.shape == (1, 2)


def test_sequences_are_padded_and_a_missing_one_is_all_padding():
    transform = VectorTransform(width=2, max_length=9)
    batch = transform.collate([transform.prepare([[1, 2]]), None, transform.prepare([[1, 2], [3, 4]])])
    assert batch.values.shape == (3, 2, 2) and batch.values.sum((1, 2)).tolist() == [3, 0, 10]
    assert batch.mask.tolist() == [[True, False], [False, False], [True, True]]
    assert transform.collate([None]).values.shape == (1, 1, 2)


@pytest.mark.parametrize(
    ("length", "raw", "message"),
    [
        (None, [1, 2], r"\[F\] with F = 3, got \[2\]"),
        (None, [[1, 2, 3]], r"\[F\] with F = 3, got \[1, 3\]"),
        (None, 7, r"\[F\] with F = 3, got \[\]"),
        (4, [1, 2, 3], r"\[L, F\] with F = 3, got \[3\]"),
        (4, [[1], [2]], r"\[L, F\] with F = 3, got \[2, 1\]"),
        (None, "[1, 2", r"3 numbers, got '\[1, 2'"),
        (4, [[1, 2, 3], [1]], r"3 numbers, got '\[\[1, 2, 3\], \[1\]\]'"),
        (None, [1, None, {}], "3 numbers, got"),
    ],
)
def test_numbers_of_another_width_or_form_are_refused(length: int | None, raw: Any, message: str):
    with pytest.raises(DataError, match=f"vector must be {message}"):
        VectorTransform(width=3, max_length=length).prepare(raw)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be positive, got 0"),
        ({"width": 2, "max_length": 0}, "max_length must be positive, got 0"),
        ({"width": 2, "mean": [1, 2, 3]}, "mean must be one number or 2, got 3"),
        ({"width": 2, "std": [1]}, "std must be one number or 2, got 1"),
        ({"width": 2, "std": [1, 0]}, r"std must be positive, got 0\.0"),
        ({"width": 2, "noise": -1.0}, r"noise must be at least 0, got -1\.0"),
    ],
)
def test_impossible_settings_are_refused(arguments: Any, message: str):
    with pytest.raises(ValueError, match=f"VectorTransform: {message}"):
        VectorTransform(**arguments)
