from __future__ import annotations

import pytest
import torch

from mmexp.config.compose import compose
from mmexp.deploy.agreement import Trial
from mmexp.deploy.export import write_graphs
from mmexp.deploy.format import find_format
from mmexp.deploy.graph import Graph
from mmexp.deploy.quantization import quantize_graph
from mmexp.deploy.quantize import quantize, score_graph
from mmexp.error import MmexpError
from mmexp.inference.evaluate import split_samples
from mmexp.inference.predictor import restore
from mmexp.run.folder import RunFolder
from mmexp.run.summary import row
from mmexp.training.experiment import build, load_data


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


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["weights", "dynamic"])
def test_the_filters_of_a_spectrogram_stay_as_they_are(tmp_path, mode):
    onnx = pytest.importorskip("onnx")
    sizes = ["dim=16", "dataset.sizes=[16,5,4]", "dataset.image_size=32", "dataset.cache=null", "training.batch_size=8"]
    root = compose([*sizes, "task=classification", "inputs=[audio]", "fusion=none"]).plain()
    experiment = build(root, load_data(root), RunFolder.create(tmp_path, "x"))
    model = experiment.module.model.eval()
    trial = Trial.of(experiment.data.evaluation("train").dataset.samples, model.transforms)
    (written,) = write_graphs(model, trial, find_format("onnx"), tmp_path)["graphs"]
    source, target = tmp_path / written["file"], tmp_path / "b.onnx"
    quantize_graph(mode, source, target, [name for name, _ in Graph(model).named_buffers()])
    names = {one.name for one in onnx.load(target).graph.initializer}
    assert "encoders.0.spectrogram.filters" in names and any(name.endswith(".int8") for name in names)
    inputs, load = Graph(model).tensors(trial.others[0]), find_format("onnx").load
    before, after = (load(path, Graph(model).names, written["outputs"])(*inputs)["logits"] for path in (source, target))
    assert (before - after).abs().max() < 0.05 * before.abs().max()


def test_a_task_that_writes_is_refused(trained, trained_run, writer, tmp_path):
    trained.module.model = writer
    with pytest.raises(MmexpError, match="task must be exported as one graph, got AnswerGeneration"):
        quantize(row(trained_run), trained, split_samples(restore(trained_run)), ["weights"], None, tmp_path / "q")
