"""Rules for texts: each gives ``POSITION``, the word ``MASK`` that replaces a find, and ``find``, which gives spans."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@cache
def rules() -> tuple[ModuleType, ...]:
    """Return all rules in the order in which they look."""
    found = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)]
    return tuple(sorted(found, key=lambda one: int(one.POSITION)))
