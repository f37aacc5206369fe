"""What other runs show of a difference between two: the spread over seeds, and what one change does by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.analysis.config_difference import Factor, filled, leaves
from mmexp.analysis.statistics import deviation, mean
from mmexp.analysis.student import two_sided
from mmexp.config.schema import role_of
from mmexp.run.start import read_start
from mmexp.run.summary import DONE, RunRow

SEED = "seed"
Leaves = Mapping[str, str]


@dataclass(frozen=True)
class SeedNoise:
    """How much a metric varies over seeds of one config.

    Args:
        deviation: Standard deviation over seeds, pooled over the configs of both runs.
        degrees: Of freedom.
        runs: Number of runs that it is from.
    """

    deviation: float
    degrees: int
    runs: int

    def probability(self, difference: float) -> float:
        """Return how often two seeds of one config differ by so much or more."""
        if not self.deviation:
            return float(difference == 0)
        return two_sided(difference / (self.deviation * math.sqrt(2)), self.degrees)


@dataclass(frozen=True)
class Effect:
    """What one change does by itself: in runs that differ in nothing else.

    Args:
        mean: Of the metric with the value of the second run, minus that with the value of the first.
        pairs: Number of pairs of runs.
    """

    mean: float
    pairs: int


class Evidence:
    """Finished runs on the same data, by what decides their results.

    Args:
        rows: Any runs.
        fingerprint: Of the data.
        metric: Key; runs that lack it are left out.
    """

    def __init__(self, rows: Iterable[RunRow], fingerprint: str, metric: str) -> None:
        self._values: list[tuple[RunRow, Leaves, float]] = []
        for row in rows:
            value = row.metrics.get(metric)
            if row.status != DONE or row.fingerprint != fingerprint or value is None:
                continue
            if own := decisive(row):
                self._values.append((row, own, value))

    def seed_noise(self, *runs: RunRow) -> SeedNoise | None:
        """Return the spread over seeds of the configs of some runs; None if none has been trained with two seeds."""
        wanted = {_without(decisive(run), (SEED,)) for run in runs}
        found: dict[Any, dict[str, float]] = {}
        for _, own, value in self._values:
            if (rest := _without(own, (SEED,))) in wanted:
                found.setdefault(rest, {})[own.get(SEED, "")] = value
        spreads = [(one, len(own) - 1) for own in found.values() if (one := deviation(list(own.values()))) is not None]
        if not spreads:
            return None
        degrees = sum(number for _, number in spreads)
        variance = math.fsum(one**2 * number for one, number in spreads) / degrees
        return SeedNoise(math.sqrt(variance), degrees, degrees + len(spreads))

    def effect(self, factor: Factor, *apart: RunRow) -> Effect | None:
        """Return what a change did in pairs of runs that differ in it alone; None if there is no pair.

        Args:
            factor: The change.
            apart: Runs whose difference is to be explained, which are no evidence for it as a pair.
        """
        keys = [leaf.key for leaf in factor.leaves]
        sides: dict[str, dict[Any, tuple[RunRow, float]]] = {"a": {}, "b": {}}
        for row, own, value in self._values:
            for run, known in sides.items():
                wanted = {leaf.key: _text(leaf.values[run]) for leaf in factor.leaves if run in leaf.values}
                if {key: own[key] for key in keys if key in own} == wanted:
                    known[_without(own, keys)] = row, value
        pairs = [(sides["a"][rest], sides["b"][rest]) for rest in sides["a"] if rest in sides["b"]]
        folders = {run.folder.path for run in apart}
        values = [b - a for (first, a), (second, b) in pairs if {first.folder.path, second.folder.path} != folders]
        return Effect(mean(values), len(values)) if values else None


def decisive(row: RunRow) -> Leaves:
    """Return what decides the results of a run, as text by dotted key; nothing if it has not kept its config."""
    found = leaves(filled(read_start(row.folder)))
    return {key: _text(value) for key, value in found.items() if role_of(key).is_hashed}


def _without(own: Leaves, keys: Sequence[str]) -> frozenset[tuple[str, str]]:
    return frozenset((key, value) for key, value in own.items() if key not in keys)


def _text(value: Any) -> str:
    return repr(value)
