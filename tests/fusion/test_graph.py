from __future__ import annotations

import numpy as np
import pytest
import torch

from mmexp.contract import Tokens
from mmexp.fusion.graph import GraphFusion


@pytest.fixture
def fusion() -> GraphFusion:
    fusion = GraphFusion(dim=8, modalities=("text", "image", "audio"), num_heads=2, depth=2).eval().double()
    for embedding in (fusion.origin, fusion.hub):
        torch.nn.init.normal_(embedding)
    return fusion


@pytest.fixture
def three(make_tokens) -> dict[str, Tokens]:
    tokens = {"audio": make_tokens(1, 5), "text": make_tokens(4, 2), "image": make_tokens(3, 0)}
    return {name: Tokens(own.features.double(), own.mask) for name, own in tokens.items()}


def dense(layer, nodes: np.ndarray, adjacency: np.ndarray) -> np.ndarray:
    """One layer over nodes [V, D] by its equation; adjacency[i, j] says that i listens to j."""
    with torch.no_grad():
        normed = layer.norm(torch.from_numpy(nodes))
        target, source = layer.target(normed).numpy(), layer.source(normed).numpy()
    score, out = layer.score.detach().numpy(), np.zeros_like(nodes)
    for i in range(len(nodes)):
        for head, part in enumerate((slice(0, 4), slice(4, 8))):
            logits = {}
            for j in np.flatnonzero(adjacency[i]):
                both = target[i, part] + source[j, part]
                logits[j] = sum(score[head, f] * (both[f] if both[f] > 0 else 0.2 * both[f]) for f in range(4))
            total = sum(np.exp(value) for value in logits.values())
            out[i, part] = sum(np.exp(value) / total * source[j, part] for j, value in logits.items())
    return nodes + np.where(out > 0, out, np.expm1(np.minimum(out, 0)))


def nodes(fusion: GraphFusion, tokens: dict[str, Tokens], row: int) -> tuple[np.ndarray, np.ndarray]:
    """Real tokens and then hubs of one sample, and who listens to whom."""
    real = {n: (own.features[row][own.mask[row]]).numpy() for n, own in tokens.items() if own.present[row]}
    origin, hub = fusion.origin.detach().numpy(), fusion.hub.detach().numpy()
    marked = {name: x + origin[fusion.slot(name)] for name, x in real.items()}
    centres = [x.mean(0) + hub[fusion.slot(name)] for name, x in marked.items()]
    owner = [i for i, x in enumerate(marked.values()) for _ in x]
    count, size = len(owner), len(owner) + len(centres)
    adjacency = np.eye(size, dtype=bool)
    for place, i in enumerate(owner):
        adjacency[place, count + i] = adjacency[count + i, place] = True
    adjacency[count:, count:] = True
    return np.concatenate([*marked.values(), centres]), adjacency


@pytest.mark.parametrize("row", [0, 1])
def test_joint_form_agrees_with_a_dense_graph(fusion, three, row):
    x, adjacency = nodes(fusion, three, row)
    for layer in fusion.layers:
        x = dense(layer, x, adjacency)
    fused = fusion(three)
    np.testing.assert_allclose(fused.features[row][fused.mask[row]].detach().numpy(), x, atol=1e-6)


@pytest.mark.parametrize("row", [0, 1])
def test_anchored_form_agrees_with_a_dense_graph_in_which_anchors_only_listen(fusion, three, row):
    text = three.pop("text")
    x, adjacency = nodes(fusion, three, row)
    anchors = text.features[row][text.mask[row]].numpy() + fusion.origin[0].detach().numpy()
    hubs = np.arange(len(x)) >= len(x) - sum(bool(own.present[row]) for own in three.values())
    listens = np.concatenate([np.eye(len(anchors), dtype=bool), np.tile(hubs, (len(anchors), 1))], 1)
    deaf = np.zeros((len(x), len(anchors)), dtype=bool)
    adjacency = np.concatenate([listens, np.concatenate([deaf, adjacency], 1)])
    x = np.concatenate([anchors, x])
    for layer in fusion.layers:
        x = dense(layer, x, adjacency)
    fused = fusion.onto(text, three).features[row][text.mask[row]]
    np.testing.assert_allclose(fused.detach().numpy(), x[: len(anchors)], atol=1e-6)


def test_a_token_hears_the_other_modalities_in_two_layers_and_their_hubs_in_one(three):
    for depth, heard in ((1, False), (2, True)):
        fusion = GraphFusion(dim=8, modalities=("text", "image"), depth=depth).eval().double()
        text, image = three["text"], three["image"]
        seen, other = (fusion({"text": text, "image": own}).features[0] for own in (image, negated(image)))
        assert torch.allclose(seen[:4], other[:4]) is not heard
        assert not torch.allclose(seen[-2], other[-2])


def negated(tokens: Tokens) -> Tokens:
    return Tokens(-tokens.features, tokens.mask)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="GraphFusion: num_heads must divide dim 8, got 3"):
        GraphFusion(dim=8, modalities=["text"], num_heads=3)
