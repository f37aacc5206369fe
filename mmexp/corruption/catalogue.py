"""The corruptions of a kind of data: the files of its folder."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

Corrupt = Callable[[Any, float, np.random.Generator], Any]


@dataclass(frozen=True)
class Corruption:
    """One way to corrupt values of a kind.

    Args:
        name: Of its file.
        levels: Severities, the mildest first, in its own unit.
        corrupt: Takes a value, a level and a generator.
    """

    name: str
    levels: Sequence[float]
    corrupt: Corrupt

    def __call__(self, value: Any, level: float, sample: str, seed: int) -> Any:
        """Corrupt the value of a sample: always the same for one sample, level and seed."""
        key = zlib.crc32(f"{sample}/{self.name}/{level}".encode())
        return self.corrupt(value, level, np.random.default_rng((seed, key)))


@cache
def corruptions(kind: str) -> dict[str, Corruption]:
    """Return the corruptions of a kind by name; none of a kind that has no folder here."""
    found = {}
    for path in sorted(Path(__file__).with_name(kind).glob("[!_]*.py")):
        module = import_module(f"mmexp.corruption.{kind}.{path.stem}")
        found[path.stem] = Corruption(path.stem, module.LEVELS, module.corrupt)
    return found
