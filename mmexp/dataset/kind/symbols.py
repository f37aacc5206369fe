"""Names out of a known set: nodes of a graph, items of a shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.dataset.column import Column
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder
from mmexp.transform.spelling import Name


class SymbolsKind(Kind):
    """Symbols, as a list of str; a target is one of them."""

    inputs = {"symbols": ()}
    order = 80

    def read(self, cell: Any, folder: Folder) -> list[str]:
        return read_symbols(cell)

    def check_target(self, value: Any) -> str:
        return read_symbol(value)

    def unique(self, members: Sequence[Name]) -> list[Name]:
        """Return each symbol once, sorted, as it is written."""
        return sorted(set(members), key=str)

    def describe(self, values: Sequence[Any], column: Column, known: Sequence[Any]) -> Mapping[str, Any]:
        return {"symbols": sorted({symbol for row in values for symbol in row})}


def read_symbols(value: Any) -> list[str]:
    """Check one symbol or a list of them; a number stands for itself.

    Raises:
        ValueError: If there is none, or one is no text and no number, or an empty text.
    """
    given = parse(value)
    symbols = given if isinstance(given, list) else [given]
    if not symbols or not all(type(one) in (str, int) and str(one).strip() for one in symbols):
        raise ValueError(f"must be a symbol or a list of them, got {value!r}")
    return [str(one) for one in symbols]


def read_symbol(value: Any) -> str:
    """Check one symbol; a number stands for itself.

    Raises:
        ValueError: If it is a list, or no symbol.
    """
    (symbol, *others) = read_symbols(value)
    if others:
        raise ValueError(f"must be one symbol, got {value!r}")
    return symbol
