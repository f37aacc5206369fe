from __future__ import annotations

import pytest
import torch
from torch import nn

from mmexp.contract import Tokens
from mmexp.encoder.tabular.ft_transformer import FTTransformerEncoder
from mmexp.transform.tabular import TabularTransform

COLUMNS = [
    {"name": "age", "mean": 10.0, "std": 2.0},
    {"name": "city", "values": ["aa", "bb"]},
    {"name": "height", "mean": 0.0, "std": 1.0},
]
ROW = {"age": 14, "city": "bb", "height": -3}


def make(**settings: int) -> FTTransformerEncoder:
    settings = {"depth": 2, "num_heads": 2, **settings}
    encoder = FTTransformerEncoder(dim=8, transform=TabularTransform(columns=COLUMNS), **settings).eval()
    nn.init.normal_(encoder.missing)
    return encoder


def tokens(encoder: FTTransformerEncoder, *rows: dict) -> Tokens:
    return encoder(encoder.transform.collate([encoder.transform.prepare(row) if row else None for row in rows]))


def test_it_agrees_with_torchs_transformer_over_the_tokens_of_the_columns():
    encoder = make()
    bias, table = encoder.bias, encoder.table
    age, city, height = bias[0] + 2 * table[1], bias[1] + table[2 + 2], bias[2] - 3 * table[5 + 1]
    expected = torch.stack([torch.stack([age, city, height]), torch.stack([age, encoder.missing[1], height])])
    for block in encoder.blocks:
        layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True)
        layer.norm1, layer.norm2, layer.self_attn.out_proj = block.norm1, block.norm2, block.attention.out
        layer.linear1, layer.linear2 = block.mlp[0], block.mlp[2]
        query, rest = block.attention.query, block.attention.key_value
        layer.self_attn.in_proj_weight.data = torch.cat([query.weight, rest.weight])
        layer.self_attn.in_proj_bias.data = torch.cat([query.bias, rest.bias])
        expected = layer(expected)
    found = tokens(encoder, ROW, {**ROW, "city": None})
    torch.testing.assert_close(found.features, encoder.norm(expected))
    assert found.mask.all()


def test_a_missing_value_is_not_the_mean_and_not_an_unknown_category():
    encoder = make()
    lacking, usual = tokens(encoder, {"city": "aa", "height": 1}, {"age": 10, "city": "aa", "height": 1}).features
    assert not torch.allclose(lacking, usual, atol=1e-3)
    lacking, unknown = tokens(encoder, {"age": 1, "height": 1}, {"age": 1, "city": "zz", "height": 1}).features
    assert not torch.allclose(lacking, unknown, atol=1e-3)


def test_a_row_without_any_value_has_no_token_and_changes_no_other():
    encoder = make()
    both, alone = tokens(encoder, ROW, {}), tokens(encoder, ROW)
    assert both.mask.tolist() == [[True] * 3, [False] * 3] and both.features.isfinite().all()
    torch.testing.assert_close(both.features[:1], alone.features)


def test_what_is_missing_learns_its_token():
    encoder = make()
    encoder.train()
    tokens(encoder, {"age": 3, "city": "aa"}).features[..., 0].sum().backward()
    assert encoder.missing.grad.any(1).tolist() == [False, False, True]


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="num_heads must divide dim 8, got 3"):
        make(num_heads=3)
