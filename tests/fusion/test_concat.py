from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.fusion.concat import ConcatFusion
from mmexp.pool.mean import MeanPool


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_is_one_hidden_layer_over_the_vectors_side_by_side(count):
    fusion = ConcatFusion(dim=4, modalities=list("abc")[:count], pool=MeanPool())
    vectors, present = torch.randn(2, 5, count, 4), torch.ones(2, 5, count, dtype=torch.bool)
    beside = torch.cat([vectors[..., m, :] for m in range(count)], -1)
    first, _, _, second = fusion.mix
    expected = F.gelu(beside @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(fusion.combine(vectors, present), expected)


def test_one_modality_without_others_still_learns(make_tokens):
    fusion, own = ConcatFusion(dim=8, modalities=["image"], pool=MeanPool()), make_tokens(3, 1)
    fusion({"image": own}).features.square().sum().backward()
    assert all(p.grad.any() for name, p in fusion.named_parameters() if name.endswith("weight"))


def test_dropout_acts_in_training_only(make_tokens):
    fusion, own = ConcatFusion(dim=8, modalities=["image"], pool=MeanPool(), dropout=0.5), {"image": make_tokens(3)}
    assert not torch.equal(fusion(own).features, fusion(own).features)
    assert torch.equal(fusion.eval()(own).features, fusion(own).features)
