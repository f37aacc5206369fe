"""Items that someone interacted with, and the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mmexp.dataset.catalogue import catalogue
from mmexp.dataset.kind.symbols import SymbolsKind


class ItemsKind(SymbolsKind):
    """Items of a history, oldest first; the target is the next item, one of all that occur."""

    inputs = {"items": ("items",)}
    targets = {"item": ("item",)}
    companions = {"item": ("items",)}
    candidates = {"item": "items"}
    order = 200
    encoder = "symbols"

    def tables(
        self, target: str, values: Iterable[Any], describe: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Iterable[Any]]:
        """Return the ``catalogue``: every item by name, and how often training has it."""
        return {"catalogue": catalogue(describe()["classes"][target], values)}
