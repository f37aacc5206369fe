from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.layer.attention import Attention, FeatureDropout, SelfAttentionBlock, plain_attention, watched

DIM, HEADS = 8, 2


def packed(own: Attention) -> tuple[Tensor, Tensor]:
    return torch.cat([own.query.weight, own.key_value.weight]), torch.cat([own.query.bias, own.key_value.bias])


def reference(own: Attention, queries: Tensor, keys: Tensor, **masks: Tensor) -> Tensor:
    query, key = queries.transpose(0, 1), keys.transpose(0, 1)
    weight, bias = packed(own)
    out, _ = F.multi_head_attention_forward(
        query, key, key, DIM, HEADS, weight, bias, None, None, False, 0.0, own.out.weight, own.out.bias,
        need_weights=False, **masks,
    )  # fmt: skip
    return out.transpose(0, 1)


@pytest.mark.parametrize("lengths", [None, (5, 2, 1)])
def test_it_agrees_with_torch_in_double_precision(lengths):
    own = Attention(DIM, HEADS).double()
    queries, keys = torch.randn(3, 4, DIM).double(), torch.randn(3, 5, DIM).double()
    mask = None if lengths is None else torch.arange(5) < torch.tensor(lengths)[:, None]
    expected = reference(own, queries, keys, **({} if mask is None else {"key_padding_mask": ~mask}))
    torch.testing.assert_close(own(queries, keys, mask), expected)


def test_causal_attention_agrees_with_torch():
    own, x = Attention(DIM, HEADS), torch.randn(2, 6, DIM)
    future = torch.ones(6, 6, dtype=torch.bool).triu(1)
    torch.testing.assert_close(own(x, x, None, causal=True), reference(own, x, x, attn_mask=future))


def test_a_row_without_a_real_key_gives_the_output_bias_and_finite_gradients():
    own = Attention(DIM, HEADS)
    nn.init.normal_(own.out.bias)
    queries, keys = torch.randn(2, 3, DIM, requires_grad=True), torch.randn(2, 4, DIM, requires_grad=True)
    out = own(queries, keys, torch.tensor([[True] * 4, [False] * 4]))
    out.square().sum().backward()
    torch.testing.assert_close(out[1], own.out.bias.expand(3, -1))
    assert queries.grad.isfinite().all() and keys.grad.isfinite().all()
    assert not keys.grad[1].any() and keys.grad[0].any()


def test_padded_keys_get_no_weight_in_bfloat16_either():
    own, x = Attention(DIM, HEADS).bfloat16(), torch.randn(1, 5, DIM).bfloat16()
    mask = torch.tensor([[True, True, True, False, False]])
    far = torch.where(mask[..., None], x, 50.0)
    torch.testing.assert_close(own(x[:, :3], far, mask), own(x[:, :3], x[:, :3], None), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_written_out_attention_agrees_with_torchs_own_forwards_and_backwards(causal, biased):
    parts = [torch.randn(2, HEADS, 5, 4, dtype=torch.double, requires_grad=True) for _ in range(3)]
    bias = (
        torch.where(torch.arange(5) < torch.tensor([[5], [3]]), 0.0, -1e4).double()[:, None, None] if biased else None
    )
    own = plain_attention(*parts, attn_mask=bias, is_causal=causal)
    if causal:
        future = torch.full((5, 5), float("-inf"), dtype=torch.double).triu(1)
        bias = future if bias is None else bias + future
    theirs = F.scaled_dot_product_attention(*parts, attn_mask=bias)
    torch.testing.assert_close(own, theirs)
    grads = [torch.autograd.grad(out.square().sum(), parts) for out in (own, theirs)]
    torch.testing.assert_close(*grads)


def test_dropped_features_are_gone_at_every_position_and_the_mean_is_kept():
    dropped = FeatureDropout(0.25)(torch.ones(200, 3, 50))
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(dropped[:, 0], dropped[:, 2]) and not torch.equal(dropped[0], dropped[1])
    assert dropped.mean() == pytest.approx(1, abs=0.03)
    x = torch.randn(2, 3, 4)
    assert FeatureDropout(0.5).eval()(x) is x and FeatureDropout(0.0)(x) is x


def test_dropout_acts_in_training_only():
    own, x = Attention(DIM, HEADS, dropout=0.5), torch.randn(1, 6, DIM)
    assert not torch.equal(own(x, x, None), own(x, x, None))
    own.eval()
    assert torch.equal(own(x, x, None), own(x, x, None))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="Attention: num_heads must divide dim 8, got 3"):
        Attention(8, 3)


@pytest.mark.parametrize("masked", [False, True])
def test_a_block_agrees_with_torchs_pre_norm_layer(masked):
    own = SelfAttentionBlock(DIM, HEADS, mlp_ratio=3.0)
    layer = nn.TransformerEncoderLayer(DIM, HEADS, 3 * DIM, 0.0, "gelu", batch_first=True, norm_first=True)
    layer.norm1, layer.norm2, layer.self_attn.out_proj = own.norm1, own.norm2, own.attention.out
    layer.linear1, layer.linear2 = own.mlp[0], own.mlp[2]
    layer.self_attn.in_proj_weight.data, layer.self_attn.in_proj_bias.data = packed(own.attention)
    x, mask = torch.randn(2, 5, DIM), torch.arange(5) < torch.tensor([[5], [3]])
    expected = layer(x, src_key_padding_mask=~mask if masked else None)
    torch.testing.assert_close(own(x, mask if masked else None), expected)


def test_stepping_gives_what_the_whole_sequence_gives():
    block, x = SelfAttentionBlock(DIM, HEADS), torch.randn(2, 5, DIM)
    past, steps = (), []
    for i in range(5):
        out, past = block.step(x[:, i : i + 1], past)
        steps.append(out)
    torch.testing.assert_close(torch.cat(steps, 1), block(x, None, causal=True))


def test_watched_weights_are_those_that_torch_gives():
    own = Attention(DIM, HEADS)
    queries, keys = torch.randn(3, 4, DIM), torch.randn(3, 5, DIM)
    mask = torch.arange(5) < torch.tensor([5, 2, 1])[:, None]
    plain = own(queries, keys, mask)
    with watched(nn.ModuleList([own])) as seen:
        assert torch.equal(own(queries, keys, mask), plain)
        own(keys, keys, None, causal=True)
    own(queries, keys, mask)
    weight, bias = packed(own)
    turned = queries.transpose(0, 1), keys.transpose(0, 1), keys.transpose(0, 1)
    _, expected = F.multi_head_attention_forward(
        *turned, DIM, HEADS, weight, bias, None, None, False, 0.0, own.out.weight, own.out.bias,
        key_padding_mask=~mask, average_attn_weights=False,
    )  # fmt: skip
    assert len(seen) == 2 and own.seen is None
    torch.testing.assert_close(seen[0], expected)
    assert not seen[1].triu(1).any()
