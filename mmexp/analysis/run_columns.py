"""Columns of runs, by the name that a table gives them: config keys, metrics, cost, and what a user has written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmexp.run.summary import RunRow

_OWN: Mapping[str, Callable[[RunRow], Any]] = {
    "run": lambda run: run.folder.id,
    "name": lambda run: run.folder.name,
    "status": lambda run: run.status,
    "data": lambda run: run.fingerprint,
    "weights": lambda run: run.parameters,
    "train": lambda run: run.seconds,
    "epsilon": lambda run: run.epsilon,
    "dirty": lambda run: run.dirty,
    "resumed": lambda run: run.resumed,
    "tags": lambda run: list(run.tags),
    "note": lambda run: run.note,
}


def names(runs: Sequence[RunRow]) -> list[str]:
    """Return the names of all columns that some runs have."""
    found = [*_OWN, *(key for run in runs for key in run.config), *(key for run in runs for key in run.metrics)]
    return list(dict.fromkeys(found))


def value(run: RunRow, name: str) -> Any:
    """Return what a run has in a column; None if nothing."""
    if name in run.config:
        return run.config[name]
    return run.metrics[name] if name in run.metrics else _OWN[name](run) if name in _OWN else None
