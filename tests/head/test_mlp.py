from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.head.mlp import Head


@pytest.mark.parametrize(("depth", "linears"), [(0, 1), (1, 2), (3, 4)])
def test_depth_counts_the_hidden_layers(depth, linears):
    head = Head(dim=6, width=2, depth=depth, dropout=0.0)
    assert sum(isinstance(layer, nn.Linear) for layer in head) == linears
    assert any(isinstance(layer, nn.LayerNorm) for layer in head) == (depth > 0)
    assert head(torch.randn(5, 6)).shape == (5, 2)


def test_without_a_hidden_layer_it_is_linear():
    head, (one, other) = Head(dim=6, width=3, depth=0, dropout=0.5), torch.randn(2, 6)
    torch.testing.assert_close(head(one + other), head(one) + head(other) - head(torch.zeros(6)))
