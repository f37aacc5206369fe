"""Describe a class from its source, for a reader: its arguments as written, its docstring, its place."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from mmexp.config.signature import read_signature
from mmexp.config.static import ClassSource, ancestors, constructor, find_class


@dataclass(frozen=True)
class Description:
    """A class as its source has it.

    Args:
        name: Name in its module.
        parameters: Those of its constructor, each with type and default.
        doc: Docstring, empty if it has none; with the ``Args`` of the base whose constructor it takes over.
        path: File.
        line: Line of its definition.
    """

    name: str
    parameters: tuple[str, ...]
    doc: str
    path: Path
    line: int


def describe(target: str) -> Description | None:
    """Describe the class that a ``_target_`` such as ``mmexp.fusion.gated.GatedFusion`` names; None if not found."""
    cls = find_class(target)
    if cls is None or cls.node is None or cls.module is None:
        return None
    doc = ast.get_docstring(cls.node) or ""
    if "Args:" not in doc:
        doc = f"{doc}\n\n{_inherited_arguments(cls)}".strip()
    arguments = read_signature(cls).arguments
    written = tuple(f"{name}{argument}" for name, argument in arguments.items())
    return Description(cls.node.name, written, doc, cls.module.path, cls.node.lineno)


def _inherited_arguments(cls: ClassSource) -> str:
    """The section ``Args`` of the nearest base that has a constructor, empty if it has none."""
    bases = [base.node for base in ancestors(cls) if base and base.node and constructor(base.node)]
    sections = (ast.get_docstring(bases[0]) or "").split("\n\n") if bases else []
    return next((section for section in sections if section.startswith("Args:")), "")
