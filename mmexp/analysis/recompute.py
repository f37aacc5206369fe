"""Metrics that are computed again from predictions, for samples that count several times or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.analysis.predictions import accuracy, mae, plain, read_predictions
from mmexp.run.summary import RunRow

Row = Mapping[str, Any]
Weights = np.ndarray
"""How often each sample counts, in each replicate. [B, N]"""
Metric = Callable[[Weights], np.ndarray]
"""Value of a metric in each replicate. [B, N] -> [B]"""
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
    """Find how a metric follows from the predictions of a run.

    Returns:
        None where there is no way known, or where it does not give what the run has reported.
    """
    rows = sorted(read_predictions(run, metric), key=lambda row: str(row["id"]))
    make, reported = _METRICS.get(metric.rpartition("/")[2]), run.metrics.get(metric)
    if make is None or not rows or reported is None:
        return None
    try:
        value = make(rows)
        found = float(value(np.ones((1, len(rows))))[0])
    except (LookupError, TypeError, ValueError):
        return None
    return Recomputed(tuple(str(row["id"]) for row in rows), value) if abs(found - reported) <= _CLOSE else None


def _mean_of(score: Callable[[Row], float]) -> Callable[[Sequence[Row]], Metric]:
    def make(rows: Sequence[Row]) -> Metric:
        values = np.array([score(row) for row in rows])
        return lambda weights: weights @ values / weights.sum(-1)

    return make


def _counts(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each sample is a hit, was predicted, and is of each class. [N, C]"""
    truth, found = ([{plain(one) for one in _labels(row[key])} for row in rows] for key in ("target", "label"))
    classes = sorted(set().union(*truth, *found))
    is_true, is_found = (np.array([[c in own for c in classes] for own in side], float) for side in (truth, found))
    return is_true * is_found, is_found, is_true


def _labels(cell: Any) -> list[Any]:
    return cell if isinstance(cell, list) else [cell]


def _f1_macro(rows: Sequence[Row]) -> Metric:
    hits, found, truth = _counts(rows)

    def value(weights: Weights) -> np.ndarray:
        both = weights @ (found + truth)
        with np.errstate(invalid="ignore"):
            f1 = np.where(both > 0, 2 * (weights @ hits) / both, np.nan)
        return np.asarray(np.nanmean(f1, axis=-1))

    return value


def _f1_micro(rows: Sequence[Row]) -> Metric:
    hits, both = _counts(rows)[0].sum(1), sum(_counts(rows)[1:]).sum(1)  # type: ignore[union-attr]
    return lambda weights: 2 * (weights @ hits) / (weights @ both)


def _pearson(rows: Sequence[Row]) -> Metric:
    x, y = (np.array([float(row[key]) for row in rows]) for key in ("prediction", "target"))
    x, y = x - x.mean(), y - y.mean()

    def value(weights: Weights) -> np.ndarray:
        total = weights.sum(-1)
        mx, my, xx, yy, xy = ((weights @ one) / total for one in (x, y, x * x, y * y, x * y))
        return np.asarray((xy - mx * my) / np.sqrt((xx - mx * mx) * (yy - my * my)))

    return value


def _auroc(rows: Sequence[Row]) -> Metric:
    """Mean over the classes that have samples inside and outside."""
    classes = sorted({name for row in rows for name in row["scores"]})
    marks = np.array([[row["scores"][name] for name in classes] for row in rows])
    truth = [{str(one) for one in _labels(row["target"])} for row in rows]
    is_true = np.array([[name in own for name in classes] for own in truth], float)
    order, areas = np.argsort(marks, axis=0, kind="stable"), len(classes)

    def area(c: int, weights: np.ndarray) -> np.ndarray:
        places = order[:, c]
        inside, own = weights[:, places] * is_true[places, c], weights[:, places]
        outside = own - inside
        starts = np.flatnonzero(np.diff(marks[places, c], prepend=-np.inf))  # of each run of equal scores
        positive, negative = (np.add.reduceat(one, starts, axis=1) for one in (inside, outside))
        below = np.cumsum(negative, axis=1) - negative
        pairs = inside.sum(1) * outside.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((positive * (below + negative / 2)).sum(1) / pairs)

    return lambda weights: np.nanmean([area(c, weights) for c in range(areas)], axis=0)


def _word_errors(rows: Sequence[Row]) -> Metric:
    errors = np.array([_edits(str(row["target"]).split(), str(row["text"]).split()) for row in rows], float)
    words = np.array([len(str(row["target"]).split()) for row in rows], float)
    return lambda weights: (weights @ errors) / (weights @ words)


def _edits(one: Sequence[str], other: Sequence[str]) -> int:
    """Levenshtein distance."""
    costs = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        left, costs[0] = costs[0], i
        for j, guess in enumerate(other, 1):
            left, costs[j] = costs[j], min(costs[j] + 1, costs[j - 1] + 1, left + (word != guess))
    return costs[-1]


_METRICS: Mapping[str, Callable[[Sequence[Row]], Metric]] = {
    "accuracy": _mean_of(accuracy),
    "mae": _mean_of(mae),
    "f1_macro": _f1_macro,
    "f1": _f1_macro,
    "f1_micro": _f1_micro,
    "auroc": _auroc,
    "pearson": _pearson,
    "wer": _word_errors,
}
