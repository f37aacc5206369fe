from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import Wav2Vec2ConformerConfig
from transformers.models.wav2vec2_conformer.modeling_wav2vec2_conformer import (
    Wav2Vec2ConformerEncoderLayer,
    Wav2Vec2ConformerRelPositionalEmbedding,
)

from mmexp.layer.conformer import ConformerBlock, RelativeAttention, skew


class OverChannels(nn.Module):
    """A norm over the channels of [B, D, T]."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x):
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


def make(reach: int = 2) -> ConformerBlock:
    block = ConformerBlock(dim=8, num_heads=2, reach=reach, dropout=0.1).eval()
    for weight in block.parameters():
        nn.init.normal_(weight, std=0.5)
    return block


def same(block: ConformerBlock) -> nn.Module:
    """The block of transformers with the same weights, and LayerNorm instead of its BatchNorm."""
    config = Wav2Vec2ConformerConfig(
        hidden_size=8,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_act="swish",
        conv_depthwise_kernel_size=5,
        position_embeddings_type="relative",
        max_source_positions=50,
    )
    config._attn_implementation = "eager"
    layer = Wav2Vec2ConformerEncoderLayer(config).eval()
    for norm, feed, ours in (
        ("ffn1_layer_norm", layer.ffn1, block.before),
        ("ffn2_layer_norm", layer.ffn2, block.after),
    ):
        setattr(layer, norm, ours[0])
        feed.intermediate_dense, feed.output_dense = ours[1], ours[3]
    layer.self_attn_layer_norm, layer.final_layer_norm = block.attention_norm, block.norm
    theirs, ours = layer.self_attn, block.attention
    for name, weight, bias in zip(
        "qkv", ours.query_key_value.weight.chunk(3), ours.query_key_value.bias.chunk(3), strict=True
    ):
        getattr(theirs, f"linear_{name}").weight.data = weight
        getattr(theirs, f"linear_{name}").bias.data = bias
    theirs.linear_out, theirs.linear_pos = ours.out, ours.position
    theirs.pos_bias_u.data, theirs.pos_bias_v.data = ours.content_bias[:, 0], ours.position_bias[:, 0]
    theirs, ours = layer.conv_module, block.convolution
    theirs.layer_norm, theirs.depthwise_conv = ours.enter[0], ours.depthwise
    theirs.pointwise_conv1 = nn.Conv1d(8, 16, 1)
    theirs.pointwise_conv2 = nn.Conv1d(8, 8, 1)
    for convolution, linear in ((theirs.pointwise_conv1, ours.enter[1]), (theirs.pointwise_conv2, ours.leave[2])):
        convolution.weight.data, convolution.bias = linear.weight.data.unsqueeze(-1), linear.bias
    theirs.batch_norm = OverChannels(ours.leave[0])
    return lambda x: layer(x, relative_position_embeddings=Wav2Vec2ConformerRelPositionalEmbedding(config)(x))


def test_it_agrees_with_the_block_of_transformers():
    block, x = make(), torch.randn(2, 9, 8)
    torch.testing.assert_close(block(x, torch.ones(2, 9, dtype=torch.bool)), same(block)(x), rtol=1e-4, atol=1e-4)


def test_padding_changes_no_real_frame_and_no_real_frame_gives_no_nan():
    block, x = make(), torch.randn(2, 9, 8)
    mask = torch.arange(9) < torch.tensor([[5], [0]])
    whole = block(x, mask)
    alone = block(x[:1, :5], torch.ones(1, 5, dtype=torch.bool))
    torch.testing.assert_close(whole[0, :5], alone[0], rtol=1e-4, atol=1e-5)
    assert whole.isfinite().all()


def test_a_score_is_picked_by_distance():
    scores = torch.arange(2 * 4 * 7).reshape(2, 4, 7)
    picked = skew(scores)
    assert all(picked[b, i, j] == scores[b, i, 3 - (i - j)] for b in range(2) for i in range(4) for j in range(4))


def test_attention_knows_distances_and_no_places():
    attention = RelativeAttention(8, 2)
    nn.init.normal_(attention.position.weight)
    nn.init.normal_(attention.position_bias)
    x, real = torch.randn(1, 6, 8), torch.ones(1, 6, dtype=torch.bool)
    moved = torch.cat([torch.randn(1, 3, 8), x], 1)
    late = attention(moved, torch.arange(9)[None] >= 3)
    torch.testing.assert_close(late[:, 3:], attention(x, real), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(attention(x.flip(1), real).flip(1), attention(x, real), atol=1e-3)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="RelativeAttention: num_heads must divide dim 8, got 3"):
        RelativeAttention(8, 3)
