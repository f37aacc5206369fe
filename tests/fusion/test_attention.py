from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.attention import AttentionFusion


@pytest.fixture
def fusion() -> AttentionFusion:
    fusion = AttentionFusion(dim=8, modalities=("text", "image", "audio"), num_heads=2, depth=2).eval()
    nn.init.normal_(fusion.origin)
    nn.init.normal_(fusion.nothing)
    return fusion


def test_it_agrees_with_torch_attention_over_the_context_and_nothing(fusion, make_tokens):
    text, image, audio = make_tokens(4, 2), make_tokens(3, 0), make_tokens(1, 5)
    keys = torch.cat([fusion.nothing.expand(2, -1, -1), audio.features + fusion.origin[2],
                      image.features + fusion.origin[1]], 1)  # fmt: skip
    mask = torch.cat([torch.ones(2, 1, dtype=torch.bool), audio.mask, image.mask], 1)
    x = text.features
    for layer in fusion.layers:
        own, theirs = layer.attention, nn.MultiheadAttention(8, 2, batch_first=True)
        theirs.in_proj_weight.data = torch.cat([own.query.weight, own.key_value.weight])
        theirs.in_proj_bias.data = torch.cat([own.query.bias, own.key_value.bias])
        theirs.out_proj = own.out
        normed = layer.norm_key(keys)
        x = x + theirs(layer.norm_query(x), normed, normed, key_padding_mask=~mask, need_weights=False)[0]
        x = x + layer.mlp(layer.norm(x))
    torch.testing.assert_close(fusion.onto(text, {"image": image, "audio": audio}).features, x)


def test_it_agrees_with_scaled_dot_product_attention_in_double_precision(make_tokens):
    fusion = AttentionFusion(dim=8, modalities=("text", "image"), num_heads=2).eval().double()
    (layer,) = fusion.layers
    text, image = (Tokens(own.features.double(), own.mask) for own in (make_tokens(4, 2), make_tokens(3, 5)))
    keys = layer.norm_key(torch.cat([fusion.nothing.expand(2, -1, -1), image.features + fusion.origin[1]], 1))
    mask = torch.cat([torch.ones(2, 1, dtype=torch.bool), image.mask], 1)[:, None, None]
    query = layer.attention.query(layer.norm_query(text.features))
    heads = (
        part.unflatten(-1, (2, 4)).transpose(1, 2) for part in (query, *layer.attention.key_value(keys).chunk(2, -1))
    )
    mixed = F.scaled_dot_product_attention(*heads, attn_mask=mask).transpose(1, 2).flatten(2)
    x = text.features + layer.attention.out(mixed)
    expected = x + layer.mlp(layer.norm(x))
    torch.testing.assert_close(fusion.onto(text, {"image": image}).features, expected, rtol=1e-10, atol=1e-10)


def test_joint_form_fuses_each_modality_onto_the_others(fusion, make_tokens):
    tokens = {"text": make_tokens(4, 0), "image": make_tokens(2, 3)}
    parts = [fusion.onto(tokens[a], {b: tokens[b]}) for a, b in (("text", "image"), ("image", "text"))]
    fused = fusion(tokens)
    torch.testing.assert_close(fused.features, Tokens.cat(parts).features)
    assert torch.equal(fused.mask, Tokens.cat(parts).mask)


def test_the_same_tokens_mean_something_else_from_another_modality(fusion, make_tokens):
    text, other = make_tokens(2), make_tokens(3)
    seen, heard = (fusion.onto(text, {name: other}).features for name in ("image", "audio"))
    assert not torch.allclose(seen, heard)
