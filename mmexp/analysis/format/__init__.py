"""What tables of results can be written as: a file each, which is found by its name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.analysis.table import Table


def formats() -> list[str]:
    """Return the names of all formats."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def render(name: str, tables: Sequence[Table]) -> str:
    """Return tables as a text in a format, by its name."""
    return str(import_module(f"{__name__}.{name}").render(tables))
