from __future__ import annotations

import torch

from mmexp.attack.space.base import Space, real


def test_a_ball_has_as_many_units_as_epsilon_says():
    space = Space(torch.ones(2, 2), torch.tensor([[0.5], [0.0]]), torch.tensor(0.0), torch.tensor(1.5))
    assert space.ball(0.5).radius.tolist() == [[0.25], [0.0]]
    assert space.ball(4.0).project(torch.full((2, 2), 9.0)).tolist() == [[1.5, 1.5], [1.0, 1.0]]


def test_a_mask_gets_the_axes_that_it_lacks():
    values = torch.zeros(2, 3, 4, 5)
    assert real(values, torch.tensor([True, False])).shape == (2, 1, 1, 1)
    assert real(values, torch.ones(2, 3, dtype=torch.bool)).shape == (2, 3, 1, 1)
