"""Entities and relations of a knowledge graph."""

from __future__ import annotations

from mmexp.dataset.kind.symbols import SymbolsKind


class EntityKind(SymbolsKind):
    """Head and relation of a triple; the target is its tail, one of all entities that occur."""

    inputs = {"head": ("head",), "relation": ("relation",)}
    targets = {"tail": ("tail",)}
    companions = {"tail": ("head", "relation")}
    candidates = {"tail": "head"}
    order = 210
    encoder = "symbols"
