"""A graph of ONNX, which ONNX Runtime runs without torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from mmexp.deploy.format import Run
from mmexp.error import ConfigError

SUFFIX = ".onnx"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")
LARGEST = 1 << 30
"""Bytes of weights up to which they are written into the graph's own file; that of a protobuf ends at 2 GiB."""


def save(program: ExportedProgram, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Write a graph; large weights lie next to it.

    Raises:
        ConfigError: If a package that it needs is not installed.
    """
    refuse_without_packages()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how the libraries use one another
        made = torch.onnx.export(program, input_names=[*inputs], output_names=[*outputs], dynamo=True, verbose=False)
    if made is None:
        raise ConfigError("export: torch.onnx must return a graph, got none.")
    for node in made.model.graph.all_nodes():  # where in which file of this machine each comes from
        node.metadata_props.clear()
    size = sum(value.nbytes for value in program.state_dict.values())
    made.save(path, external_data=size > LARGEST)


def load(path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Run:
    """Return what runs a graph on one thread per processor of this machine.

    Raises:
        ConfigError: If a package that it needs is not installed.
    """
    session = start(path)
    taken = [one.name for one in session.get_inputs()]  # an input that nothing depends on is no part of a graph

    def run(*tensors: Tensor) -> Mapping[str, Tensor]:
        given = {name: value.numpy() for name, value in zip(inputs, tensors, strict=True) if name in taken}
        return dict(zip(outputs, map(torch.from_numpy, session.run([*outputs], given)), strict=True))

    return run


def start(path: Path) -> Any:
    """Return a session of ONNX Runtime on the CPU, on as many threads as torch has.

    Raises:
        ConfigError: If a package that it needs is not installed.
    """
    refuse_without_packages()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def refuse_without_packages() -> None:
    """Refuse to go on without the packages of the extra ``export``.

    Raises:
        ConfigError: If one of them is not installed.
    """
    for name in PACKAGES:
        if find_spec(name) is None:
            raise ConfigError(
                f"export: package must be installed, got no '{name}'.", f"Run: pip install {' '.join(PACKAGES)}"
            )
