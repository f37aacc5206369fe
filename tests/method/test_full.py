from __future__ import annotations

from torch import nn

from mmexp.method.full import FullMethod


def test_every_weight_is_trained_even_one_that_was_frozen():
    model = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.LayerNorm(2))
    FullMethod().prepare(model)
    assert all(p.requires_grad for p in model.parameters())
