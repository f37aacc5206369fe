from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.query import QueryFusion


@pytest.fixture
def fusion() -> QueryFusion:
    fusion = QueryFusion(dim=8, modalities=("text", "image", "audio"), num_queries=3, num_heads=2, depth=2)
    torch.nn.init.normal_(fusion.origin)
    return fusion.eval()


def attend(attention, queries: Tensor, keys: Tensor) -> Tensor:
    """Attention of one sample by torch's own function. [N, D], [S, D] -> [N, D]"""
    parts = attention.query(queries), *attention.key_value(keys).chunk(2, -1)
    heads = [part.view(-1, attention.num_heads, 8 // attention.num_heads).transpose(0, 1) for part in parts]
    return attention.out(F.scaled_dot_product_attention(*heads).transpose(0, 1).flatten(1))


def cross(layer, x: Tensor, keys: Tensor) -> Tensor:
    x = x + attend(layer.attention, layer.norm_query(x), layer.norm_key(keys))
    return x + layer.mlp(layer.norm(x))


def resampled(fusion: QueryFusion, real: Tensor) -> Tensor:
    """Queries of one sample after its real, marked tokens. [N, D] -> [Q, D]"""
    x = cross(fusion.encode[0], fusion.queries[0], real)
    for block in fusion.blocks:
        normed = block.norm1(x)
        x = x + attend(block.attention, normed, normed)
        x = x + block.mlp(block.norm2(x))
    return x


@pytest.mark.parametrize("row", [0, 1])
def test_it_agrees_with_torch_attention(fusion, make_tokens, row):
    text, audio, image = make_tokens(2, 2), make_tokens(4, 1), make_tokens(3, 0)
    context = {"image": image, "audio": audio}
    real = [own.features[row][own.mask[row]] + fusion.origin[fusion.slot(name)] for name, own in context.items()]
    queries = resampled(fusion, torch.cat(real))
    torch.testing.assert_close(fusion(context).features[row], queries)
    expected = cross(fusion.decode[0], text.features[row], queries)
    torch.testing.assert_close(fusion.onto(text, context).features[row], expected)


def test_the_queries_are_the_tokens_out_where_there_is_anything(fusion, make_tokens):
    fused = fusion({"text": make_tokens(70, 0, 0), "image": make_tokens(0, 1, 0)})
    assert fused.features.shape == (3, 3, 8) and fused.mask.tolist() == [[True] * 3, [True] * 3, [False] * 3]


def test_the_context_is_gathered_once_for_all_anchors(fusion, make_tokens, monkeypatch):
    asked, resample = [], fusion.resample
    monkeypatch.setattr(fusion, "resample", lambda every: asked.append(1) or resample(every))
    fuse = fusion.bind({"image": make_tokens(3, 2)})
    for _ in range(3):
        fuse(make_tokens(1, 1))
    assert len(asked) == 1


def test_no_query_is_refused():
    with pytest.raises(ValueError, match="QueryFusion: num_queries must be at least 1, got 0"):
        QueryFusion(dim=8, modalities=["text"], num_queries=0)
