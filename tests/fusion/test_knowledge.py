from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmexp.error import ConfigError
from mmexp.fusion.attention import AttentionFusion
from mmexp.fusion.knowledge import GraphEncoder, KnowledgeFusion, read_triples

SLOTS = ("text", "image", "audio")


def write(path: Path, *rows: Any) -> str:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return str(path)


def triple(head: Any, relation: Any, tail: Any) -> dict[str, Any]:
    return {"head": head, "relation": relation, "tail": tail}


def test_each_token_finds_the_softmax_mean_of_its_best_entities(make_tokens):
    fusion = KnowledgeFusion(dim=8, modalities=SLOTS, entities=10, top_k=3).eval().double()
    tokens = make_tokens(2, 1)
    tokens = type(tokens)(tokens.features.double(), tokens.mask)
    linked, table = fusion.link(tokens), fusion.table.vectors.detach().numpy()
    assert torch.equal(linked.mask, tokens.mask)
    for row in range(2):
        for place in range(2):
            query = fusion.query(fusion.norm(tokens.features[row, place])).detach().numpy()
            scores = np.array([sum(query * entity) / 8**0.5 for entity in table])
            best = sorted(range(10), key=lambda e: -scores[e])[:3]
            weights = np.exp(scores[best]) / np.exp(scores[best]).sum()
            expected = sum(w * table[e] for w, e in zip(weights, best, strict=True))
            np.testing.assert_allclose(linked.features[row, place].detach().numpy(), expected, atol=1e-6)


def test_the_rest_is_cross_attention_over_the_context_and_its_entities(make_tokens):
    fusion, plain = KnowledgeFusion(dim=8, modalities=SLOTS).eval(), AttentionFusion(dim=8, modalities=SLOTS).eval()
    plain.load_state_dict({key: value for key, value in fusion.state_dict().items() if key in plain.state_dict()})
    text, image = make_tokens(4, 2), make_tokens(3, 0)
    seen = plain.gather({"image": image})
    entities = fusion.link(seen)
    x = plain.layers.bind(type(seen).cat([seen, entities]))(text.features)
    torch.testing.assert_close(fusion.onto(text, {"image": image}).features, x)
    torch.testing.assert_close(fusion.gather({"image": image}).features[:, :4], seen.features)


def test_without_a_context_nothing_still_finds_entities(make_tokens):
    fusion = KnowledgeFusion(dim=8, modalities=SLOTS, entities=5, top_k=2)
    fusion.onto(make_tokens(3), {}).features.square().sum().backward()
    assert fusion.table.vectors.grad.any(1).sum() == 2


def test_given_embeddings_stay_as_they_are_and_are_kept_with_the_weights(tmp_path, make_tokens):
    given = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    np.save(tmp_path / "entities.npy", given)
    fusion = KnowledgeFusion(dim=8, modalities=SLOTS, embeddings=str(tmp_path / "entities.npy"))
    assert "table.vectors" not in dict(fusion.named_parameters())
    np.testing.assert_array_equal(fusion.state_dict()["table.vectors"].numpy(), given)
    norm, linear = fusion.table.project
    torch.testing.assert_close(fusion.table(), linear(norm(torch.from_numpy(given))))
    assert fusion.onto(make_tokens(2), {"image": make_tokens(3)}).features.isfinite().all()


def test_the_graph_adds_what_the_neighbours_say(tmp_path):
    rows = [(0, 1, 2), (2, 0, 1), (0, 0, 1), (3, 1, 3)]
    path = write(tmp_path / "graph.jsonl", *(triple(*row) for row in rows))
    graph = GraphEncoder(4, 5, read_triples(path, 5)).double()
    entities = torch.randn(5, 4).double()
    heard, degree = torch.zeros(5, 4).double(), torch.zeros(5)
    for head, relation, tail in rows:
        heard[tail] += graph.forth.weight @ (entities[head] * graph.relations[relation])
        heard[head] += graph.back.weight @ (entities[tail] * graph.relations[relation])
        degree[head] += 1
        degree[tail] += 1
    expected = [e + torch.tanh(h / max(1, d)) for e, h, d in zip(entities, heard, degree, strict=True)]
    torch.testing.assert_close(graph(entities), torch.stack(expected))
    torch.testing.assert_close(graph(entities)[4], entities[4])


def test_a_graph_is_trained_with_the_fusion_and_kept_with_the_weights(tmp_path, make_tokens):
    path = write(tmp_path / "graph.jsonl", triple("cat", "is", "animal"), "", triple("dog", "chases", "cat"))
    fusion = KnowledgeFusion(dim=8, modalities=SLOTS, entities=3, top_k=3, triples=path)
    assert fusion.state_dict()["graph.triples"].tolist() == [[1, 2], [1, 0], [0, 1]]
    fusion({"text": make_tokens(3), "image": make_tokens(2)}).features.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in fusion.graph.parameters())
    twin = KnowledgeFusion(dim=8, modalities=SLOTS, entities=3, top_k=3, triples=path)
    twin.load_state_dict(fusion.state_dict())
    torch.testing.assert_close(twin.graph(twin.table()), fusion.graph(fusion.table()))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "triples must be at least one, got none in"),
        (["{"], r"graph.jsonl:1 must be JSON, got '\{'"),
        ([triple(0, 0, 1), {"head": 1}], 'graph.jsonl:2 must have head, relation and tail, each .*, got {"head": 1}'),
        (["[1]"], r"graph.jsonl:1 must have head, relation and tail, each a string or a number from 0, got \[1\]"),
        ([triple(0, 0, -1)], "each a string or a number from 0, got"),
        ([triple(0, True, 1)], "each a string or a number from 0, got"),
        ([triple(0, 0, 1.5)], "each a string or a number from 0, got"),
        (
            [triple(0, 0, "cat")],
            "all by strings or all by numbers, got both in",
        ),
        ([triple(0, 0, 4)], "triples must be over 4 entities, got 5 in"),
    ],
)
def test_a_file_that_holds_no_graph_is_refused(tmp_path, rows, told):
    path = write(tmp_path / "graph.jsonl", *rows)
    with pytest.raises(ConfigError, match=f"KnowledgeFusion: .*{told}") as refused:
        KnowledgeFusion(dim=8, modalities=SLOTS, entities=4, triples=path)
    assert refused.value.hint.startswith("Set fusion.")


def test_a_graph_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"triples must be a .jsonl file that can be read, got .*\(No such file"):
        KnowledgeFusion(dim=8, modalities=SLOTS, triples=str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.zeros(3), r"embeddings must be numbers \[entities, width\], got float64 \[3\]"),
        (np.zeros((0, 3)), r"embeddings must be numbers \[entities, width\], got float64 \[0, 3\]"),
        (np.array([["a"]]), r"embeddings must be numbers \[entities, width\], got <U1 \[1, 1\]"),
        (np.array([[1.0, np.nan]]), "embeddings must be finite, got 1 values that are not"),
        (np.array([[object()]], dtype=object), "embeddings must be a .npy file that can be read, got"),
        (None, r"embeddings must be a .npy file that can be read, got .*\(No such file"),
    ],
)
def test_a_file_that_holds_no_embeddings_is_refused(tmp_path, values, told):
    path = tmp_path / "entities.npy"
    if values is not None:
        np.save(path, values, allow_pickle=True)
    with pytest.raises(ConfigError, match=told) as refused:
        KnowledgeFusion(dim=8, modalities=SLOTS, embeddings=str(path))
    assert refused.value.hint.startswith("Set fusion.embeddings to a .npy file")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"entities": 0}, "entities must be at least 1, got 0"),
        ({"top_k": 0}, "top_k must be at least 1 and at most 64 entities, got 0"),
        ({"entities": 3}, "top_k must be at least 1 and at most 3 entities, got 4"),
    ],
)
def test_a_number_out_of_range_is_refused(given, told):
    with pytest.raises(ValueError, match=f"KnowledgeFusion: {told}"):
        KnowledgeFusion(dim=8, modalities=SLOTS, **given)
