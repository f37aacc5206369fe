from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.contract import Padded
from mmexp.encoder.vector.transformer import TransformerEncoder
from mmexp.transform.vector import VectorTransform


def make(num_heads: int = 2) -> TransformerEncoder:
    encoder = TransformerEncoder(dim=8, transform=VectorTransform(width=3, max_length=6), num_heads=num_heads).eval()
    nn.init.normal_(encoder.position)
    return encoder


def test_it_agrees_with_torchs_transformer():
    encoder = make()
    values, mask = torch.randn(2, 5, 3), torch.arange(5) < torch.tensor([[5], [3]])
    expected = encoder.norm(encoder.project(values) + encoder.position[:5])
    for block in encoder.blocks:
        layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True)
        layer.norm1, layer.norm2, layer.self_attn.out_proj = block.norm1, block.norm2, block.attention.out
        layer.linear1, layer.linear2 = block.mlp[0], block.mlp[2]
        query, rest = block.attention.query, block.attention.key_value
        layer.self_attn.in_proj_weight.data = torch.cat([query.weight, rest.weight])
        layer.self_attn.in_proj_bias.data = torch.cat([query.bias, rest.bias])
        expected = layer(expected, None, ~mask)
    torch.testing.assert_close(encoder(Padded(values, mask)).features[mask], encoder.last(expected)[mask])


def test_padding_changes_no_real_token_and_no_real_vector_gives_no_nan():
    encoder, values = make(), torch.randn(2, 6, 3)
    whole = encoder(Padded(values, torch.arange(6) < torch.tensor([[4], [0]])))
    alone = encoder(Padded(values[:1, :4], torch.ones(1, 4, dtype=torch.bool)))
    torch.testing.assert_close(whole.features[:1, :4], alone.features)
    assert whole.features.isfinite().all() and whole.mask.sum(1).tolist() == [4, 0]


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="num_heads must divide dim 8, got 3"):
        make(num_heads=3)
