"""A program of ``torch.export``, which Python and C++ run with torch and without mmexp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from mmexp.deploy.format import Run

SUFFIX = ".pt2"


def save(program: ExportedProgram, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Write a program; its tensors keep their order."""
    for node in program.graph.nodes:  # where in which file of this machine each comes from
        node.meta.pop("stack_trace", None)
    for name, weight in program.state_dict.items():  # a file holds no other order of memory
        own = weight.contiguous()
        program.state_dict[name] = nn.Parameter(own, weight.requires_grad) if isinstance(weight, nn.Parameter) else own
    torch.export.save(program, path)


def load(path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Run:
    """Return what runs a program that was written."""
    module = torch.export.load(path).module()

    def run(*tensors: Tensor) -> Mapping[str, Tensor]:
        with torch.inference_mode():
            return dict(zip(outputs, module(*tensors).values(), strict=True))

    return run
