from __future__ import annotations

import pytest
from torch import nn

from mmexp.encoder.text.hf import HfTextEncoder
from mmexp.method.full import FullMethod


def test_every_weight_is_trained_even_one_that_was_frozen():
    model = nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.LayerNorm(2))
    FullMethod().prepare(model)
    assert all(p.requires_grad for p in model.parameters())


def test_pretrained_weights_learn_more_slowly(tiny_bert: str):
    model = nn.ModuleDict({"text": HfTextEncoder(dim=4, model=tiny_bert, pretrained=True), "head": nn.Linear(4, 2)})
    method = FullMethod(pretrained_lr=0.01)
    assert method.scale("head.weight") == 1.0
    method.prepare(model)
    scales = {name: method.scale(name) for name, _ in model.named_parameters()}
    assert {name for name, scale in scales.items() if scale == 1.0} == {
        "text.project.weight",
        "text.project.bias",
        "text.norm.weight",
        "text.norm.bias",
        "head.weight",
        "head.bias",
    }
    assert {*scales.values()} == {1.0, 0.01}


def test_a_rate_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="pretrained_lr must be positive, got 0"):
        FullMethod(pretrained_lr=0)
