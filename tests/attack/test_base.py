from __future__ import annotations

import torch

from mmexp.attack.base import Ball


def ball(centre: list[float], radius: float, low: float = 0.0, high: float = 255.0) -> Ball:
    return Ball(torch.tensor([centre]), torch.tensor(radius), torch.tensor(low), torch.tensor(high))


def test_values_are_moved_to_the_nearest_ones_within_the_radius_and_the_range():
    found = ball([10.0, 250.0, 100.0, 100.0], 8.0).project(torch.tensor([[0.0, 300.0, 105.0, 120.0]]))
    assert found.tolist() == [[2.0, 255.0, 105.0, 108.0]]


def test_a_radius_of_zero_leaves_everything_as_it_is_also_what_is_out_of_range():
    centre = [0.0, 255.0, 300.0, -3.0, 1 / 3]
    found = ball(centre, 0.0).project(torch.tensor([[9.0, 9.0, 9.0, 9.0, 9.0]]))
    assert torch.equal(found, torch.tensor([centre]))


def test_what_is_out_of_range_does_not_leave_it_further():
    assert ball([300.0, -3.0], 8.0).project(torch.tensor([[400.0, -40.0]])).tolist() == [[300.0, -3.0]]


def test_each_value_may_have_a_radius_of_its_own():
    own = Ball(torch.zeros(2, 2), torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor(-9.0), torch.tensor(9.0))
    assert own.project(torch.full((2, 2), 5.0)).tolist() == [[0.0, 1.0], [2.0, 0.0]]
