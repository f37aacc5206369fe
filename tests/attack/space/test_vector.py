from __future__ import annotations

import pytest
import torch

from mmexp.attack.space.vector import space
from mmexp.contract import Padded
from mmexp.transform.vector import VectorTransform

FACTS = {"std": [2.0, 0.5]}


def test_a_unit_is_the_deviation_of_each_number_in_training():
    vectors = Padded(torch.zeros(2, 2), torch.tensor([True, False]))
    assert space(vectors, VectorTransform(width=2), FACTS).unit.tolist() == [[2.0, 0.5], [0.0, 0.0]]


def test_numbers_that_the_transform_has_divided_by_it_have_a_unit_of_one():
    vectors = Padded(torch.zeros(1, 2), torch.tensor([True]))
    scaled = VectorTransform(width=2, mean=[1.0, 1.0], std=FACTS["std"])
    assert space(vectors, scaled, FACTS).unit.tolist() == [[1.0, 1.0]]


def test_steps_that_pad_a_sequence_stay_as_they_are():
    steps = Padded(torch.zeros(1, 3, 2), torch.tensor([[True, True, False]]))
    found = space(steps, VectorTransform(width=2, max_length=3), FACTS).ball(0.1).project(torch.full((1, 3, 2), 9.0))
    assert found[0].flatten().tolist() == pytest.approx([0.2, 0.05, 0.2, 0.05, 0, 0])
