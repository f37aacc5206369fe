from __future__ import annotations

import torch

from mmexp.contract import Batch, Padded
from mmexp.study.explain.parts import Parts, repeated, rows_of


def test_a_part_is_replaced_by_the_blank():
    parts = Parts(torch.tensor([0, 0, 1, -1]), ["a", "b"], torch.tensor([9.0, 9.0, 9.0, 9.0]))
    inputs = Padded(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([True]))
    found = parts.without(inputs, torch.tensor([[1, 1], [0, 1], [1, 0], [0, 0]]))
    assert found.values.tolist() == [[1, 2, 3, 4], [9, 9, 3, 4], [1, 2, 9, 4], [9, 9, 9, 4]]
    assert found.mask.tolist() == [True] * 4


def test_of_each_channel_the_same_place_is_replaced():
    parts = Parts(torch.tensor([[0, 1]]), ["a", "b"], torch.zeros(3, 1, 2))
    found = parts.without(Padded(torch.ones(1, 3, 1, 2), torch.tensor([True])), torch.tensor([[0.0, 1.0]]))
    assert found.values[0].tolist() == [[[0, 1]]] * 3


def test_without_a_blank_a_part_is_masked():
    parts = Parts(torch.tensor([-1, 0, 1]), ["a", "b"])
    inputs = Padded(torch.tensor([[5, 6, 7]]), torch.tensor([[True, True, True]]))
    found = parts.without(inputs, torch.tensor([[0.0, 1.0]]))
    assert found.mask.tolist() == [[True, False, True]] and found.values.tolist() == [[5, 6, 7]]


def test_sums_are_by_part():
    parts = Parts(torch.tensor([1, 0, 1, -1]), ["a", "b"])
    assert parts.sums(torch.tensor([1.0, 2.0, 3.0, 100.0])).tolist() == [2, 4]


def test_a_batch_of_one_is_repeated():
    batch = Batch({"x": Padded(torch.ones(1, 2), torch.tensor([True]))}, {}, ("s",), ({},))
    found = repeated(batch, 3)
    assert len(found) == 3 and found.inputs["x"].values.shape == (3, 2) and found.inputs["x"].mask.shape == (3,)


def test_some_rows_of_padded_values_are_taken_with_their_masks():
    own = Padded(torch.arange(6).view(3, 2), torch.tensor([[True, False], [True, True], [False, False]]))
    some = rows_of(own, slice(1, 3))
    assert some.values.tolist() == [[2, 3], [4, 5]] and some.mask.tolist() == [[True, True], [False, False]]
