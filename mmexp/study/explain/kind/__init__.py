"""Kinds of input: each gives ``TRANSFORMS``, ``CONTINUOUS``, ``divide`` into parts, and ``draw`` of what they count.

One whose parts lie in an image also gives ``heat_map``, one whose parts are tokens ``word`` of a part's name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from mmexp.transform.base import Transform


@cache
def kinds() -> dict[type[Transform], ModuleType]:
    """Return the kind of the values that each transform makes."""
    found = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)]
    return {transform: one for one in found for transform in one.TRANSFORMS}


def kind_of(transform: Transform) -> ModuleType | None:
    """Return the kind of what a transform makes; None if there is none."""
    return next((known for own in type(transform).__mro__ for base, known in kinds().items() if base is own), None)
