from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.symbols.rgcn import RGCNEncoder
from mmexp.error import ConfigError

FACTS = [("ann", "knows", "bo"), ("ann", "knows", "cy"), ("bo", "likes", "cy"), ("cy", "likes", "ann")]
SYMBOLS = ["ann", "bo", "cy", "knows", "knows~", "likes", "likes~"]
QUESTIONS = [one for head, name, tail in FACTS for one in ((head, name, tail), (tail, f"{name}~", head))]


@pytest.fixture
def make(tmp_path: Path):
    def make(questions: list[tuple[str, str, str]] = QUESTIONS, **settings: int) -> RGCNEncoder:
        path = tmp_path / "edges.jsonl"
        path.write_text("".join(json.dumps(question) + "\n" for question in questions))
        torch.manual_seed(0)
        return RGCNEncoder(dim=4, symbols=SYMBOLS, edges=str(path), dropout=0.0, **{"bases": 2, **settings})

    return make


def encode(encoder: RGCNEncoder, *rows: list[str]) -> Tokens:
    return encoder(encoder.transform.collate(list(map(encoder.transform.prepare, rows))))


def convolve(encoder: RGCNEncoder, questions: list[tuple[str, str, str]]) -> Tensor:
    """Equation 2 of the paper, entity by entity and relation by relation, with whole matrices."""
    number, names = encoder.transform.numbers, SYMBOLS[3:]
    x = encoder.embedding.weight
    for place, layer in enumerate(encoder.layers):
        x = x.relu() if place else x
        matrices = torch.einsum("rb,bij->rij", layer.mix, layer.bases)
        rows = []
        for node in range(len(x)):
            total = layer.own(x[node])
            for relation, matrix in zip(names, matrices, strict=True):
                others = [number[t] for h, r, t in questions if number[h] == node and r == relation]
                if others:
                    total = total + x[others].mean(0) @ matrix
            rows.append(total)
        x = torch.stack(rows)
    return F.layer_norm(x, (4,))


@pytest.mark.parametrize("depth", [1, 2])
def test_it_agrees_with_sums_entity_by_entity_and_relation_by_relation(make, depth):
    encoder = make(depth=depth).eval()
    expected = convolve(encoder, QUESTIONS)
    tokens = encode(encoder, ["ann"], ["bo"], ["cy"])
    torch.testing.assert_close(tokens.features[:, 0], expected[1:4])


def test_while_training_no_answer_to_a_question_of_the_batch_is_an_edge_in_either_direction(make):
    encoder = make()
    rest = [one for one in QUESTIONS if one[1] not in ("knows", "knows~")]
    torch.testing.assert_close(encode(encoder, ["ann", "knows"]).features[0, 0], convolve(encoder, rest)[1])
    backwards = [one for one in QUESTIONS if one not in (("bo", "knows~", "ann"), ("ann", "knows", "bo"))]
    torch.testing.assert_close(encode(encoder, ["bo", "knows~"]).features[0, 0], convolve(encoder, backwards)[2])
    encoder.eval()
    torch.testing.assert_close(encode(encoder, ["ann", "knows"]).features[0, 0], convolve(encoder, QUESTIONS)[1])


@pytest.mark.parametrize("fact", FACTS)
def test_while_training_a_query_is_the_same_whatever_its_answer_is(make, fact):
    head, name, tail = fact
    others = [one for one in QUESTIONS if one not in ((head, name, tail), (tail, f"{name}~", head))]
    for answer in ("ann", "bo", "cy"):
        changed = make([*others, (head, name, answer), (answer, f"{name}~", head)])
        torch.testing.assert_close(
            encode(changed, [head, name]).features[0, 0], encode(make(), [head, name]).features[0, 0]
        )


def test_only_entities_have_tokens(make):
    encoder = make().eval()
    tokens = encode(encoder, ["ann", "knows"], ["zoe", "knows"], ["bo"])
    assert tokens.mask.tolist() == [[True, False], [False, False], [True, False]] and tokens.features.isfinite().all()


def test_a_symbol_of_the_edges_must_be_one_that_an_input_can_hold(make, tmp_path):
    make()
    with pytest.raises(ConfigError, match="entities and the relations of the graph, got none called 'knows'") as caught:
        RGCNEncoder(dim=4, symbols=SYMBOLS[:3], edges=str(tmp_path / "edges.jsonl"))
    assert caught.value.hint == "Set inputs=[asked,relation] encoder/symbols@encoder.asked=rgcn"


def test_a_graph_without_edges_is_refused(make):
    with pytest.raises(ConfigError, match=r"RGCNEncoder: edges must be at least one fact, got none in .*edges.jsonl"):
        make([])


def test_the_graph_is_not_part_of_a_checkpoint(make):
    assert sorted({name.partition(".")[0] for name in make().state_dict()}) == ["embedding", "layers", "norm"]


def test_a_batch_without_a_real_row_has_no_token(make):
    encoder = make()
    tokens = encoder(Padded(torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, 2, dtype=torch.bool)))
    assert not tokens.mask.any() and tokens.features.isfinite().all()
