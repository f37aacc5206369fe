from __future__ import annotations

import pytest
import torch

from mmexp.contract import Tokens
from mmexp.pool.attention import AttentionPool


def tokens(dtype: torch.dtype = torch.float) -> Tokens:
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, False], [False, False, False], [True, True, True]])
    return Tokens(torch.randn(3, 3, 8, dtype=dtype, requires_grad=True), mask)


def test_it_agrees_with_torch_attention_of_one_query():
    pool, given = AttentionPool(dim=8, num_heads=2), tokens()
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    own = pool.attention
    theirs.in_proj_weight.data = torch.cat([own.query.weight, own.key_value.weight])
    theirs.in_proj_bias.data = torch.cat([own.query.bias, own.key_value.bias])
    theirs.out_proj.weight.data, theirs.out_proj.bias.data = own.out.weight, own.out.bias
    rows = torch.tensor([0, 2])
    keys = pool.norm(given.features[rows])
    expected = theirs(pool.query.expand(2, -1, -1), keys, keys, key_padding_mask=~given.mask[rows])[0][:, 0]
    torch.testing.assert_close(pool(given)[rows], expected)


@pytest.mark.parametrize("dtype", [torch.float, torch.bfloat16])
def test_a_row_without_tokens_gives_zeros_and_finite_gradients(dtype):
    pool, given = AttentionPool(dim=8, num_heads=2).to(dtype), tokens(dtype)
    torch.nn.init.ones_(pool.attention.out.bias)
    pooled = pool(given)
    pooled.sum().backward()
    assert not pooled[1].any() and pooled.isfinite().all()
    assert given.features.grad.isfinite().all() and not given.features.grad[1].any()
    assert all(p.grad.isfinite().all() for p in pool.parameters())


def test_padding_does_not_change_the_vector():
    pool, given = AttentionPool(dim=8), tokens()
    changed = Tokens(given.features.masked_fill(~given.mask[..., None], 9.0), given.mask)
    torch.testing.assert_close(pool(changed), pool(given))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="num_heads must divide dim 8, got 3"):
        AttentionPool(dim=8, num_heads=3)
