from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.fusion.co_attention import CoAttentionFusion


@pytest.fixture
def fusion() -> CoAttentionFusion:
    return CoAttentionFusion(dim=8, modalities=("text", "image", "audio"), num_heads=2, depth=2).eval().double()


@pytest.fixture
def three(make_tokens) -> dict[str, Tokens]:
    tokens = {"text": make_tokens(4, 2), "image": make_tokens(3, 0), "audio": make_tokens(1, 5)}
    return {name: Tokens(own.features.double(), own.mask) for name, own in tokens.items()}


def cross(layers, x: Tensor, source: Tensor) -> Tensor:
    """Cross-attention of one sample by torch's own function. [N, D], [S, D] -> [N, D]"""
    for layer in layers:
        own = layer.attention
        query, (key, value) = own.query(layer.norm_query(x)), own.key_value(layer.norm_key(source)).chunk(2, -1)
        heads = [part.view(-1, own.num_heads, 8 // own.num_heads).transpose(0, 1) for part in (query, key, value)]
        x = x + own.out(F.scaled_dot_product_attention(*heads).transpose(0, 1).flatten(1))
        x = x + layer.mlp(layer.norm(x))
    return x


def expected(fusion: CoAttentionFusion, target: str, tokens: dict[str, Tokens], row: int) -> Tensor:
    x, results = tokens[target].features[row], []
    for source, own in tokens.items():
        if source != target and own.present[row]:
            pair = f"{fusion.slot(source)}->{fusion.slot(target)}"
            results.append(cross(fusion.pairs[pair], x, own.features[row][own.mask[row]]))
    return sum(results) / len(results) if results else x


@pytest.mark.parametrize("row", [0, 1])
def test_it_agrees_with_torch_attention_averaged_over_the_sources_that_are_there(fusion, three, row):
    joint = fusion(three).features[row]
    torch.testing.assert_close(joint, torch.cat([expected(fusion, name, three, row) for name in three]))
    anchored = fusion.onto(three["text"], {name: three[name] for name in ("audio", "image")}).features[row]
    torch.testing.assert_close(anchored, expected(fusion, "text", three, row))


def test_a_target_without_a_source_stays_as_it_is(fusion, three):
    image = three["image"]
    assert torch.equal(fusion({"image": image}).features, image.features)
    gone = Tokens(image.features, torch.zeros_like(image.mask))
    torch.testing.assert_close(fusion.onto(three["text"], {"image": gone}).features, three["text"].features)


def test_each_ordered_pair_has_layers_of_its_own(fusion, three):
    assert sorted(fusion.pairs) == ["0->1", "0->2", "1->0", "1->2", "2->0", "2->1"]
    fusion.onto(three["text"], {"image": three["image"]}).features.sum().backward()
    taught = {name.split(".")[1] for name, weight in fusion.named_parameters() if weight.grad is not None}
    assert taught == {"1->0"}
