from __future__ import annotations

import numpy as np
import torch

from mmexp.contract import Padded
from mmexp.study.explain.kind.vector import divide, draw


def test_numbers_of_a_vector_become_zero_and_steps_of_a_sequence_are_masked():
    vector = Padded(torch.tensor([[1.0, 2.0]]), torch.tensor([True]))
    parts = divide(vector, None)
    assert parts.without(vector, torch.tensor([[0.0, 1.0]])).values.tolist() == [[0, 2]]
    steps = Padded(torch.ones(1, 3, 2), torch.tensor([[True, True, False]]))
    found = divide(steps, None)
    assert list(found.names) == ["step 1", "step 2"] and found.place.tolist() == [0, 1, -1]
    assert found.without(steps, torch.tensor([[0.0, 1.0]])).mask.tolist() == [[False, True, False]]
    assert "number 2" in draw(parts, np.array([1.0, -2.0]), vector, None, "x")
