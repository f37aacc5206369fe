"""Metrics that are computed again from predictions, for samples that count several times or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mmexp.analysis.predictions import read_predictions
from mmexp.run.summary import RunRow

Row = Mapping[str, Any]
Weights = np.ndarray
"""How often each sample counts, in each replicate. [B, N]"""
Metric = Callable[[Weights], np.ndarray]
"""Value of a metric in each replicate. [B, N] -> [B]"""
Follow = Callable[[str, Sequence[Row], RunRow], Metric | None]
"""How a metric follows from the rows of a run, by its name without the split; None if it is another one."""
_CLOSE = 1e-3  # between a metric as a run reports it, in single precision, and as it is computed here


@dataclass(frozen=True)
class Recomputed:
    """A metric of one run, as a function of how often each sample counts.

    Args:
        ids: Of the samples, sorted.
        value: The metric.
    """

    ids: tuple[str, ...]
    value: Metric


def recompute(run: RunRow, metric: str) -> Recomputed | None:
    """Find how a metric follows from the predictions of a run, by one of the files of ``analysis.recomputed``.

    Returns:
        None where there is no way known, or where it does not give what the run has reported.
    """
    return recompute_rows(run, metric, read_predictions(run, metric))


def recompute_rows(run: RunRow, metric: str, rows: Sequence[Row]) -> Recomputed | None:
    """Find how a metric follows from rows that say what is right, where ``run.metrics`` are those of the same rows."""
    reported = run.metrics.get(metric)
    if not rows or reported is None or not math.isfinite(reported):
        return None
    ids = [str(row["id"]) for row in rows]
    order = np.argsort(np.array(ids), kind="stable")  # rows keep the order of the file: it decides between equal scores
    for value in _ways(run, metric, rows):
        if abs(float(value(np.ones((1, len(rows))))[0]) - reported) <= _CLOSE:
            return Recomputed(tuple(ids[i] for i in order), _reordered(value, np.argsort(order)))
    return None


def _ways(run: RunRow, metric: str, rows: Sequence[Row]) -> Iterator[Metric]:
    for follow in _follows():
        try:
            value = follow(metric.rpartition("/")[2], rows, run)
        except (LookupError, TypeError, ValueError):
            continue
        if value is not None:
            yield value


@cache
def _follows() -> tuple[Follow, ...]:
    names = sorted(path.stem for path in Path(__file__).with_name("recomputed").glob("[!_]*.py"))
    return tuple(import_module(f"mmexp.analysis.recomputed.{name}").follow for name in names)


def _reordered(value: Metric, places: np.ndarray) -> Metric:
    return lambda weights: value(weights[:, places])
