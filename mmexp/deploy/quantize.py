"""Quantize the graph of a run to int8, and say what that costs and saves."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mmexp.contract import Sample
from mmexp.deploy.agreement import Trial
from mmexp.deploy.before_after import metric_of, refuse_drop, with_drop
from mmexp.deploy.export import quiet, refuse_what_no_graph_holds, write_graphs
from mmexp.deploy.folder import carry, new_folder
from mmexp.deploy.format import Run, find_format
from mmexp.deploy.graph import Graph, nest
from mmexp.deploy.quantization import quantize_graph
from mmexp.deploy.timing import RUNS, timed
from mmexp.error import MmexpError
from mmexp.inference.evaluate import SplitSamples
from mmexp.inference.predictor import Predictor
from mmexp.run.jsonfile import write_json
from mmexp.run.summary import RunRow
from mmexp.study.scored import Scored
from mmexp.task.base_generation import TextGeneration
from mmexp.training.artifacts import with_groups

RECORD = "quantize.json"
PLAIN = "float32"


def quantize(
    run: RunRow, trained: Predictor, read: SplitSamples, modes: Sequence[str], most: float | None, to: Path
) -> dict[str, Any]:
    """Write a quantized graph for each mode, unless one is too much worse than the run.

    Args:
        run: Row of the run.
        trained: Its model.
        read: Its test split.
        modes: Of quantization.
        most: Largest drop of the metric, in its units; None for any.
        to: Folder that is written, in place of an earlier one.

    Returns:
        A row for the graph as it was and for each mode: metric with interval, drop, bytes, latency and memory.

    Raises:
        MmexpError: If the run cannot be exported as one graph, or a metric drops too much.
    """
    model = trained.module.model.cpu().eval()
    refuse_what_no_graph_holds(model)
    if isinstance(model.task, TextGeneration):
        raise MmexpError(f"quantize: task must be exported as one graph, got {type(model.task).__name__}.")
    trial, onnx = Trial.of(read.samples, model.transforms), find_format("onnx")
    names = Graph(model).names
    one = dict(zip(names, (own.numpy() for own in Graph(model).tensors(trial.others[0])), strict=True))
    constants = [name for name, _ in Graph(model).named_buffers()]
    groups, rows = read.dataset.groups("test"), []
    with new_folder(to, RECORD) as place:
        (place / PLAIN).mkdir()
        (written,) = write_graphs(model, trial, onnx, place / PLAIN)["graphs"]
        for way in (PLAIN, *modes):
            file = place / way / written["file"]
            if way != PLAIN:
                file.parent.mkdir()
                with quiet():
                    quantize_graph(way, place / PLAIN / written["file"], file, constants)
            graph = onnx.load(file, names, written["outputs"])
            scored = score_graph(trained, graph, read.samples, run, groups)
            cost = timed(file, one, threads=torch.get_num_threads())
            rows.append({"way": way, **metric_of(scored), "bytes": file.stat().st_size, **cost})
        found = with_drop(rows, run)
        refuse_drop(found, most)
        shutil.rmtree(place / PLAIN)
        record = {"run": run.folder.id, "samples": len(read.samples), "timed": RUNS, "graph": written, "ways": found}
        write_json(place / RECORD, record)
        carry(run.folder, place)
    return record


def score_graph(
    trained: Predictor, graph: Run, samples: Sequence[Sample], run: RunRow, groups: Mapping[str, str]
) -> Scored:
    """Evaluate a graph on samples as its run is evaluated, but for the loss.

    Raises:
        MmexpError: If the metrics need more than a graph gives.
    """
    task, tensors = trained.task, Graph(trained.module.model).tensors
    metrics, rows = task.metrics(), []
    try:
        with torch.inference_mode():
            for batch in replace(trained, stores={}).batches(samples, task.transforms()):
                outputs = task.postprocess(nest(graph(*tensors(batch))), batch)
                task.measure(metrics, outputs, batch)
                rows += task.predictions(outputs, batch)
    except KeyError as error:
        rule = f"metrics of {type(task).__name__} must follow from what its graph gives"
        raise MmexpError(f"quantize: {rule}, got no {error}.") from error
    measured = {f"test/{name}": float(value) for name, value in metrics.compute().items()}
    return Scored(replace(run, metrics=measured), with_groups(task.completed(rows), groups))
