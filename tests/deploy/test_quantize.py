from __future__ import annotations

import pytest
import torch

from mmexp.deploy.graph import Graph
from mmexp.deploy.quantize import quantize, score_graph
from mmexp.error import MmexpError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.run.summary import row


@pytest.fixture
def trained(trained_run):
    return restore(trained_run)


def test_a_graph_is_scored_as_its_run_is(trained, trained_run):
    read, graph = split_samples(trained), Graph(trained.module.model)
    found = score_graph(trained, graph, read.samples, row(trained_run), {"s18": "one"})
    wanted = trained.evaluate(read.samples, "test")
    assert found.metrics == pytest.approx({name: value for name, value in wanted.items() if name != "test/loss"})
    assert [one["id"] for one in found.rows] == [one.id for one in read.samples] and found.rows[0]["group"] == "one"


def test_metrics_that_need_more_than_a_graph_gives_are_refused(trained, trained_run):
    read = split_samples(trained)
    with pytest.raises(
        MmexpError, match="metrics of Classification must follow from what its graph gives, got no 'scores'"
    ):
        score_graph(trained, lambda *tensors: {"logits": torch.zeros(1)}, read.samples, row(trained_run), {})


def test_a_task_that_writes_is_refused(trained, trained_run, writer, tmp_path):
    trained.module.model = writer
    with pytest.raises(MmexpError, match="task must be exported as one graph, got AnswerGeneration"):
        quantize(row(trained_run), trained, split_samples(restore(trained_run)), ["weights"], None, tmp_path / "q")
