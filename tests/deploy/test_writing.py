from __future__ import annotations

import math

import pytest
import torch

from mmexp.deploy.graph import StepGraph, TokensGraph
from mmexp.deploy.writing import Texts, Writer, error_of_texts


@pytest.fixture
def graphs(writer):
    writer.task.decoder.bias.data[:] = torch.randn(14)  # or all texts would be the same
    return TokensGraph(writer).eval(), StepGraph(writer).eval()


@torch.no_grad()
def test_two_graphs_write_the_words_that_the_run_writes(writer, graphs, batch):
    task, (encode, follow) = writer.task, graphs
    task.beams = 1
    wanted = writer(batch)["text"]
    assert Writer(task, encode, follow).greedy(encode.tensors(batch)) == wanted and any(wanted)
    assert error_of_texts(writer, graphs, graphs, batch) == 0


@torch.no_grad()
def test_a_graph_that_writes_other_words_has_an_infinite_error(writer, graphs, batch):
    encode, follow = graphs
    turned = (encode, lambda *tensors: {"logits": -follow(*tensors)["logits"].nan_to_num(neginf=1e9)})
    assert error_of_texts(writer, graphs, turned, batch) == math.inf
    near = (encode, lambda *tensors: {"logits": follow(*tensors)["logits"] + 1e-3})
    assert error_of_texts(writer, graphs, near, batch) == pytest.approx(1e-3, rel=1e-2)


def test_texts_are_reordered_as_beams_are():
    texts = Texts(torch.tensor([[1, 2], [3, 4]])).select(torch.tensor([1, 1, 0]))
    assert texts.ids.tolist() == [[3, 4], [3, 4], [1, 2]]


def test_only_text_is_written(model, batch):
    graph = TokensGraph(model)
    with pytest.raises(TypeError, match="task must generate text, got Classification"):
        error_of_texts(model, (graph, None), (), batch)
