from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.contract import Padded
from mmexp.encoder.text.transformer import TransformerEncoder


@pytest.mark.parametrize("causal", [True, False])
def test_it_agrees_with_torchs_transformer(tokenizer, causal):
    encoder = TransformerEncoder(dim=8, vocab_size=14, tokenizer=tokenizer, causal=causal, num_heads=2, dropout=0.0)
    layers = nn.ModuleList(
        nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True) for _ in encoder.blocks
    )
    for layer, block in zip(layers, encoder.blocks, strict=True):
        layer.norm1, layer.norm2, layer.self_attn.out_proj = block.norm1, block.norm2, block.attention.out
        layer.linear1, layer.linear2 = block.mlp[0], block.mlp[2]
        query, rest = block.attention.query, block.attention.key_value
        layer.self_attn.in_proj_weight.data = torch.cat([query.weight, rest.weight])
        layer.self_attn.in_proj_bias.data = torch.cat([query.bias, rest.bias])
    ids, mask = torch.randint(0, 14, (2, 5)), torch.arange(5) < torch.tensor([[5], [3]])
    expected = encoder.embedding(ids) + encoder.position[:5]
    future = torch.ones(5, 5, dtype=torch.bool).triu(1) if causal else None
    for layer in layers:
        expected = layer(expected, future, None if causal else ~mask)
    torch.testing.assert_close(encoder(Padded(ids, mask)).features[mask], encoder.norm(expected)[mask])


def test_order_matters(tokenizer):
    encoder = TransformerEncoder(dim=8, vocab_size=14, tokenizer=tokenizer).eval()
    real = torch.ones(1, 3, dtype=torch.bool)
    one, other = (encoder(Padded(torch.tensor([ids]), real)).pool() for ids in ([4, 5, 6], [6, 5, 4]))
    assert not torch.allclose(one, other)
