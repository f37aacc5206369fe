from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmexp.fusion.mlp import MlpFusion
from mmexp.pool.mean import MeanPool


@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_a_residual_network_over_the_vectors_side_by_side(depth):
    fusion = MlpFusion(dim=4, modalities=list("abc"), pool=MeanPool(), depth=depth, mlp_ratio=1.5)
    vectors, present = torch.randn(2, 5, 3, 4), torch.ones(2, 5, 3, dtype=torch.bool)
    enter, *blocks, norm, leave = fusion.mix
    x = enter(torch.cat([vectors[..., m, :] for m in range(3)], -1))
    assert len(blocks) == depth and x.shape[-1] == 6
    for before, first, _, _, second in blocks:
        normed = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + before.eps).sqrt()
        x = x + F.gelu(normed @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(fusion.combine(vectors, present), leave(norm(x)))


def test_dropout_acts_in_training_only(make_tokens):
    fusion, own = MlpFusion(dim=8, modalities=["a"], pool=MeanPool(), dropout=0.5), {"a": make_tokens(3)}
    assert not torch.equal(fusion(own).features, fusion(own).features)
    assert torch.equal(fusion.eval()(own).features, fusion(own).features)


def test_no_depth_at_all_is_refused():
    with pytest.raises(ValueError, match="MlpFusion: depth must be at least 1, got 0"):
        MlpFusion(dim=4, modalities=["a"], pool=MeanPool(), depth=0)
