"""One graph of an export: traced, written, and ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from mmexp.deploy.format import Format, Run
from mmexp.deploy.graph import Graph, StepGraph, with_length
from mmexp.error import MmexpError

Traceable = Graph | StepGraph


@dataclass(frozen=True)
class Part:
    """A graph that was written.

    Args:
        file: Name of its file.
        inputs: Names of the tensors that it takes, in order.
        outputs: Names of those that it gives.
        run: Runs what was written.
    """

    file: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    run: Run

    def plain(self) -> dict[str, Any]:
        """Return what a record says of it."""
        return {"file": self.file, "inputs": [*self.inputs], "outputs": [*self.outputs]}

    def __call__(self, *tensors: Tensor) -> Mapping[str, Tensor]:
        return self.run(*tensors)


def write_part(name: str, graph: Traceable, example: Sequence[Tensor], form: Format, place: Path) -> Part:
    """Trace a graph, write it, and read what was written.

    Args:
        name: Of the file, without its suffix.
        graph: The network.
        example: Tensors that it is traced with.
        form: How it is written.
        place: Folder of the file.

    Raises:
        MmexpError: If it cannot be traced or written.
    """
    with torch.inference_mode():
        outputs = [*graph(*example)]
    path = place / f"{name}{form.SUFFIX}"
    try:
        form.save(trace(graph, example), path, graph.names, outputs)
    except MmexpError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise MmexpError(f"export: model must be one that torch.export can trace, got {reason}") from error
    return Part(path.name, graph.names, outputs, form.load(path, graph.names, outputs))


def trace(graph: Traceable, example: Sequence[Tensor]) -> ExportedProgram:
    """Trace a graph for batches of any size and, where it allows, of any length."""
    lasting = with_length(graph.names, example)
    rows = Dim("batch")
    shapes = tuple({0: rows, 1: Dim.AUTO} if has_length else {0: rows} for has_length in lasting)
    with torch.no_grad():
        return torch.export.export(graph, tuple(example), dynamic_shapes={"tensors": shapes}, strict=False)
