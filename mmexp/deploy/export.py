"""Export the network of a run as graphs, and keep them only if they give what the run gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from mmexp.contract import Batch, Sample
from mmexp.deploy.agreement import Trial, largest_error
from mmexp.deploy.folder import carry, new_folder
from mmexp.deploy.format import Format
from mmexp.deploy.graph import Graph, StepGraph, TokensGraph
from mmexp.deploy.part import write_part
from mmexp.deploy.writing import error_of_texts
from mmexp.error import MmexpError
from mmexp.inference.predictor import Predictor
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import write_json
from mmexp.task.base_generation import TextGeneration
from mmexp.training.model import Model

RECORD = "export.json"
"""Names of the tensors, what was compared, and the errors; in the folder of the graphs."""


def export(run: RunFolder, trained: Predictor, samples: Sequence[Sample], form: Format, to: Path) -> dict[str, Any]:
    """Write graphs with what makes tensors of samples, unless their answers differ from those of the run.

    Args:
        run: The run.
        trained: Its model.
        samples: Real ones, of the test split.
        form: How a graph is written.
        to: Folder that is written, in place of an earlier export.

    Returns:
        Names of inputs and outputs, the batches that were compared, and the largest absolute error, as plain JSON.

    Raises:
        MmexpError: If a part cannot be exported, or an answer differs by more than ``agreement.LIMIT``.
    """
    model = trained.module.model.cpu().eval()
    refuse_what_no_graph_holds(model)
    with new_folder(to, RECORD) as place:
        record = {"run": run.id, **write_graphs(model, Trial.of(samples, model.transforms), form, place)}
        write_json(place / RECORD, record)
        carry(run, place)
    return record


def write_graphs(model: Model, trial: Trial, form: Format, place: Path) -> dict[str, Any]:
    """Write the graphs of a model: one, or two where it generates text; and compare them with it.

    ``one_length`` holds the inputs that all samples had in one length, so that no other was compared.

    Raises:
        MmexpError: If one cannot be traced, or an answer differs by more than ``agreement.LIMIT``.
    """
    with quiet():
        write = _write_writer if isinstance(model.task, TextGeneration) else _write_whole
        graphs, compared = write(model, trial, form, place)
    seen = {name: {one["lengths"][name] for one in compared} for name in compared[0]["lengths"]}
    fixed = {name: own.pop() for name, own in seen.items() if len(own) == 1}
    error = max(one["error"] for one in compared)
    return {"graphs": graphs, "compared": compared, "one_length": fixed, "error": error}


def refuse_what_no_graph_holds(model: Model) -> None:
    """Refuse a task or a fusion that says why it cannot be exported.

    Raises:
        MmexpError: If one does.
    """
    for part in (model.task, model.fusion):
        if reason := part.export_refused:
            rule = f"{type(part).__name__} must be one that can be exported"
            raise MmexpError(f"export: {rule}, got one that cannot: {reason}.", "Run: mmexp list export")


def _write_whole(model: Model, trial: Trial, form: Format, place: Path) -> tuple[Any, list[dict[str, Any]]]:
    graph = Graph(model).eval()
    part = write_part("model", graph, graph.tensors(trial.example), form, place)

    @torch.inference_mode()
    def error(batch: Batch) -> float:
        tensors = graph.tensors(batch)
        return largest_error(graph(*tensors), part(*tensors))

    return [part.plain()], trial.compare(error)


def _write_writer(model: Model, trial: Trial, form: Format, place: Path) -> tuple[Any, list[dict[str, Any]]]:
    encode, follow = TokensGraph(model).eval(), StepGraph(model).eval()
    example = encode.tensors(trial.example)
    with torch.no_grad():
        tokens = [value.clone() for value in encode(*example).values()]
    ids = torch.full((len(trial.example), 3), follow.decoder.tokenizer.bos)
    parts = (
        write_part("encoder", encode, example, form, place),
        write_part("step", follow, (ids, *tokens), form, place),
    )
    compared = trial.compare(lambda batch: error_of_texts(model, (encode, follow), parts, batch))
    return [part.plain() for part in parts], compared


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries from logging what they do; what goes wrong is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
