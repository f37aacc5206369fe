from __future__ import annotations

import numpy as np
import torch

from mmexp.transform.base import Transform, pad, stack


def test_padding_keeps_each_row_and_marks_what_is_real():
    padded = pad([torch.tensor([5, 6, 7]), None, torch.tensor([8])], 9)
    assert padded.values.tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert padded.mask.tolist() == [[True, True, True], [False, False, False], [True, False, False]]


def test_rows_of_vectors_are_padded_along_their_length():
    padded = pad([torch.ones(1, 2), torch.ones(3, 2), None], width=(2,))
    assert padded.values.sum((1, 2)).tolist() == [2, 6, 0] and padded.mask.sum(1).tolist() == [1, 3, 0]


def test_a_batch_without_any_value_still_has_a_position():
    padded = pad([None, None])
    assert padded.values.shape == (2, 1) and not padded.mask.any() and padded.values.dtype == torch.long
    assert pad([None], width=(2,)).values.shape == (1, 1, 2)


def test_the_type_of_the_values_is_kept():
    assert pad([None, torch.zeros(2, dtype=torch.float64)]).values.dtype == torch.float64


def test_a_blank_stands_in_for_a_missing_value():
    stacked = stack([torch.ones(2, 2), None], torch.full((2, 2), 7.0))
    assert stacked.values[1].eq(7).all() and stacked.values[0].eq(1).all() and stacked.mask.tolist() == [True, False]


def test_a_transform_varies_nothing_unless_it_says_so():
    class Plain(Transform):
        def prepare(self, raw):
            return raw

        def collate(self, items):
            return items

    value = object()
    assert Plain().augment(value, np.random.default_rng(0)) is value
