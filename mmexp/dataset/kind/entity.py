"""Entities and relations of a knowledge graph."""

from __future__ import annotations

from mmexp.dataset.kind.symbols import SymbolsKind


class EntityKind(SymbolsKind):
    """Head and relation of a triple, each or as one row; the target is its tail, one of all entities that occur."""

    inputs = {"head": ("head",), "relation": ("relation",), "asked": ("asked",)}
    targets = {"tail": ("tail",)}
    companions = {"tail": ("head", "relation")}
    candidates = {"tail": "head"}
    order = 210
    encoder = "symbols"
