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


def test_without_a_hidden_layer_it_is_one_linear_map_of_the_vectors_side_by_side():
    fusion = ConcatFusion(dim=4, modalities=list("abc"), pool=MeanPool(), hidden=0)
    vectors, present = torch.randn(2, 5, 3, 4), torch.ones(2, 5, 3, dtype=torch.bool)
    assert [tuple(p.shape) for p in fusion.parameters()] == [(4, 12), (4,)]
    torch.testing.assert_close(fusion.combine(vectors, present), F.linear(vectors.flatten(2), *fusion.mix.parameters()))


def test_the_hidden_layer_is_as_wide_as_asked():
    assert ConcatFusion(dim=4, modalities=["a"], pool=MeanPool(), hidden=3).mix[0].out_features == 3
    assert ConcatFusion(dim=4, modalities=["a"], pool=MeanPool()).mix[0].out_features == 8


def test_a_hidden_layer_of_negative_width_is_refused():
    with pytest.raises(ValueError, match="hidden must be 0 or more, got -1"):
        ConcatFusion(dim=4, modalities=["a"], pool=MeanPool(), hidden=-1)
