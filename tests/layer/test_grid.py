from __future__ import annotations

import pytest
import torch

from mmexp.layer.grid import as_grid


def test_tokens_lie_on_their_grid_row_by_row():
    tokens = torch.arange(9.0).view(1, 9, 1)
    assert as_grid(tokens)[0, 0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize("front", [1, 5])
def test_tokens_in_front_that_have_no_place_are_left_out(front):
    tokens = torch.arange(-float(front), 16).view(1, 16 + front, 1)
    assert as_grid(tokens).flatten().tolist() == list(range(16))
