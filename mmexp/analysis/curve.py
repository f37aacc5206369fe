"""Learning curves: what a run has logged, by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from mmexp.analysis.compare import Group
from mmexp.analysis.statistics import mean
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import read_metrics

Points = list[tuple[float, float]]
"""Epoch and value, by epoch."""
MOST = 120  # points of a curve; of more, neighbours are averaged


def curves(folder: RunFolder) -> dict[str, Points]:
    """Return what a run has logged, by key; undefined values are left out."""
    found: dict[str, Points] = {}
    for row in read_metrics(folder.metrics):
        epoch = row.get("epoch")
        for key, value in row.items():
            if "/" in key and _is_number(epoch) and _is_number(value):
                found.setdefault(key, []).append((float(epoch), float(value)))
    return {key: thinned(sorted(points)) for key, points in found.items()}


def mean_curves(group: Group) -> dict[str, Points]:
    """Average the curves of a group by key, at the epochs that all of its runs have that logged the key."""
    found = [curves(run.folder) for run in group.runs]
    keys = dict.fromkeys(key for one in found for key in one)
    return {key: _mean([dict(one[key]) for one in found if key in one]) for key in keys}


def thinned(points: Sequence[tuple[float, float]], most: int = MOST) -> Points:
    """Average neighbours until there are at most so many points; the last part may hold fewer."""
    size = -(-len(points) // most)
    parts = [points[i : i + size] for i in range(0, len(points), size)] if size > 1 else [[one] for one in points]
    return [(mean([epoch for epoch, _ in part]), mean([value for _, value in part])) for part in parts]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mean(known: Sequence[dict[float, float]]) -> Points:
    shared = [epoch for epoch in known[0] if all(epoch in one for one in known)]
    return [(epoch, mean([one[epoch] for one in known])) for epoch in shared]
