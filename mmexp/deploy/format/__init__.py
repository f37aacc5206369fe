"""What a graph can be written as: a file each, which is found by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mmexp.error import ConfigError, nearest

if TYPE_CHECKING:
    from torch import Tensor
    from torch.export import ExportedProgram

Run = Callable[..., "Mapping[str, Tensor]"]
"""Compute the outputs of a graph, by name, from its tensors in order."""


class Format(Protocol):
    """How a graph is written and run."""

    SUFFIX: str
    """Of the name of its file."""

    def save(self, program: ExportedProgram, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Write a graph with the names of its tensors."""

    def load(self, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> Run:
        """Return what runs a graph that was written."""


def formats() -> list[str]:
    """Return the names of all formats."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigError: If there is none of that name, or a package that it needs is not installed.
    """
    if name not in formats():
        raise ConfigError(
            f"export: --format must be one of {', '.join(formats())}, got '{name}'.", nearest(name, formats())
        )
    return import_module(f"{__name__}.{name}")
