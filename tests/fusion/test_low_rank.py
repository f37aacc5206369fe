from __future__ import annotations

import pytest
import torch

from mmexp.fusion.low_rank import LowRankFusion
from mmexp.pool.mean import MeanPool


@pytest.mark.parametrize("rank", [1, 3])
def test_it_is_a_rank_r_weight_tensor_applied_to_the_outer_product(rank):
    fusion = LowRankFusion(dim=4, modalities=list("abc"), pool=MeanPool(), rank=rank)
    torch.nn.init.normal_(fusion.mix)
    factors = torch.cat([fusion.weight, fusion.bias[:, None]], 1).view(3, 5, rank, 4)  # [M, D + 1, R, D]
    tensor = torch.einsum("r,irh,jrh,krh->ijkh", fusion.mix[:, 0], *factors)
    present = torch.tensor([[True] * 3, [True, False, True], [False] * 3])
    vectors = torch.randn(3, 3, 4) * present.unsqueeze(-1)
    one = torch.cat([vectors, torch.ones(3, 3, 1)], -1)  # [B, M, D + 1]
    outer = torch.einsum("bi,bj,bk->bijk", *one.unbind(1))
    expected = torch.einsum("bijk,ijkh->bh", outer, tensor)
    torch.testing.assert_close(fusion.combine(vectors, present), expected)


@pytest.mark.parametrize("form", ["joint", "anchored"])
def test_every_factor_is_trained(form, make_tokens):
    fusion = LowRankFusion(dim=8, modalities=("text", "image", "audio"), pool=MeanPool())
    tokens = {name: make_tokens(2, 3) for name in fusion.modalities}
    fused = fusion(tokens) if form == "joint" else fusion.onto(tokens.pop("text"), tokens)
    fused.features.square().sum().backward()
    assert {name for name, _ in fusion.named_parameters()} == {"weight", "bias", "mix"}
    for slot in range(3):
        by_rank = fusion.weight.grad[slot].view(8, 4, 8), fusion.bias.grad[slot].view(1, 4, 8)
        assert all(grad.abs().sum((0, 2)).gt(0).all() for grad in by_rank)
    assert fusion.mix.grad.all()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("rank", [1, 4, 16])
def test_the_output_starts_at_unit_scale(count, rank):
    fusion = LowRankFusion(dim=64, modalities=list("abcd")[:count], pool=MeanPool(), rank=rank)
    fused = fusion.combine(torch.randn(500, count, 64), torch.ones(500, count, dtype=torch.bool))
    assert fused.square().mean().item() == pytest.approx(1, rel=0.25)


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="LowRankFusion: rank must be at least 1, got 0"):
        LowRankFusion(dim=4, modalities=["a"], pool=MeanPool(), rank=0)
