"""What an attack may change in the values that a transform makes, one file per kind of data, found by itself.

A file has ``TRANSFORMS``, whose values it is of; ``LEVELS``, the five sizes epsilon, and ``UNIT``, what they are
measured in; and ``space(inputs, transform, facts)``, which returns the ``Space`` of a batch, or raises a ValueError
that says what the data lacks.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from mmexp.transform.base import Transform


@cache
def spaces() -> dict[type[Transform], ModuleType]:
    """Return the module of the values that each transform makes."""
    found = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__) if one.name != "base"]
    return {transform: one for one in found for transform in one.TRANSFORMS}


def space_of(transform: Transform) -> ModuleType | None:
    """Return the module of what a transform makes; None if nothing in it can change by a little, as in words."""
    return next((spaces()[base] for base in type(transform).__mro__ if base in spaces()), None)
