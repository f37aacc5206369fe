from __future__ import annotations

import torch

from mmexp.contract import Batch, Padded, Tokens
from mmexp.deploy.graph import Graph, StepGraph, TokensGraph, flatten, nest, with_length


def test_a_graph_computes_what_the_task_computes_from_values_and_masks(model, batch):
    graph = Graph(model)
    assert graph.names == ("text.values", "text.mask", "vector.values", "vector.mask")
    with torch.no_grad():
        got, wanted = graph(*graph.tensors(batch)), model(batch)
    assert list(got) == ["logits", "scores"]
    assert all(torch.equal(value, wanted[name]) for name, value in got.items())


def test_the_two_graphs_of_a_text_give_what_the_decoder_gives_with_its_cache(writer, batch):
    encode, follow = TokensGraph(writer).eval(), StepGraph(writer).eval()
    with torch.no_grad():
        tokens = encode(*encode.tensors(batch))
        assert list(tokens)[:2] == ["text.features", "text.features_mask"] and follow.names == ("ids", *tokens)
        ids = torch.tensor([[2, 5, 7], [2, 4, 4]])
        own = {name: Tokens(tokens[f"{name}.features"], tokens[f"{name}.features_mask"]) for name in ("text", "vector")}
        step, cache = writer.task.decoder.step(writer.fusion.bind(own), 2), None
        for column in ids.T:
            wanted, cache = step(column, cache)
        got = follow(ids, *tokens.values())["logits"]
    assert torch.allclose(got, wanted, atol=1e-6)


def test_outputs_become_tensors_by_dotted_name_and_outputs_again():
    one, two = torch.ones(2), torch.zeros(1)
    outputs = {"logits": one, "parts": {"a": two, "text": ["left out"]}}
    values = dict(flatten(outputs))
    assert list(values) == ["logits", "parts.a"]
    assert nest(values) == {"logits": one, "parts": {"a": two}}


def test_a_tensor_has_a_length_if_its_mask_has():
    text = Padded(torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.bool))
    vector = Padded(torch.zeros(2, 5), torch.ones(2, dtype=torch.bool))
    single = Padded(torch.zeros(2, 1, 4), torch.ones(2, 1, dtype=torch.bool))
    inputs = Batch({"text": text, "vector": vector, "single": single}, {}, ()).inputs
    names = [f"{name}.{part}" for name in inputs for part in ("values", "mask")]
    tensors = [part for own in inputs.values() for part in (own.values, own.mask)]
    assert with_length(["ids", *names], [torch.zeros(2, 3), *tensors]) == [True, True, True, *[False] * 4]
