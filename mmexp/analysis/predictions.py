"""The predictions of a run, a row per sample, and the score of each sample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmexp.run.summary import RunRow

Row = Mapping[str, Any]
_TRUTH = ("target", "references", "rank")  # columns of which one says what is right
_ABOUT = ("id", "group", "score", "scores", *_TRUTH)  # that do not say what was predicted
_KEPT = 64  # files; a baseline is compared with many fusions


def read_predictions(run: RunRow, metric: str) -> Sequence[Row]:
    """Read the rows that say what is right, of the split that a metric is of; none if there is no such file."""
    return with_truth(read_rows(run, metric))


def with_truth(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows that say what is right."""
    return [row for row in rows if any(row.get(name) is not None for name in _TRUTH)]


def said(row: Row) -> str:
    """Return the name of the column that holds what was predicted, the first that is nothing else; "" if none is."""
    return next((name for name in row if name not in _ABOUT), "")


def written(row: Row) -> str:
    """Return the text that was generated for a sample.

    Raises:
        KeyError: If the row has no prediction.
    """
    return str(row[said(row)])


def references(row: Row) -> tuple[str, ...]:
    """Return what the text of a sample should say, in any of several ways."""
    if "references" in row:
        return tuple(row["references"])
    return () if row.get("target") is None else (str(row["target"]),)


def read_rows(run: RunRow, metric: str) -> Sequence[Row]:
    """Read all rows, also those that say nothing of what is right."""
    path = run.folder.predictions(metric.partition("/")[0])
    try:
        found = path.stat()
    except OSError:
        return []
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=_KEPT)
def _read(path: Path, changed: int, size: int) -> Sequence[Row]:
    """Read a file as it was last changed."""
    try:
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [row for row in rows if "id" in row]
    except (OSError, ValueError, AttributeError):
        return []


def scores(run: RunRow, metric: str) -> dict[str, float]:
    """Return the score of each sample, whose mean is the metric; empty where the metric is no such mean."""
    score = score_of(metric)
    try:
        return {str(row["id"]): score(row) for row in read_predictions(run, metric)} if score else {}
    except (LookupError, TypeError, ValueError):
        return {}


def score_of(metric: str) -> Callable[[Row], float] | None:
    """Return what gives the score of a sample from its row; None where the metric is no mean of such scores."""
    return _SCORES.get(metric.rpartition("/")[2])


def groups_of(run: RunRow, metric: str) -> dict[str, str]:
    """Return the group of each sample; empty if the run knows none."""
    return groups_in(read_predictions(run, metric))


def groups_in(rows: Sequence[Row]) -> dict[str, str]:
    """Return the group of each sample that has one."""
    return {str(row["id"]): str(row["group"]) for row in rows if "group" in row}


def majority_class(run: RunRow, metric: str) -> dict[str, float]:
    """Return the score of each sample if the majority class is predicted for all of them."""
    rows = [row for row in read_predictions(run, metric) if "target" in row]
    targets = {str(row["id"]): plain(row["target"]) for row in rows}
    counts = Counter(targets.values()).most_common(1)
    return {name: float(target == counts[0][0]) for name, target in targets.items()}


def labels(cell: Any) -> list[Any]:
    """The labels of a sample, one or several."""
    return cell if isinstance(cell, list) else [cell]


def plain(label: Any) -> str:
    """A label, or labels in any order, as something that can be counted."""
    return json.dumps(sorted(label, key=str) if isinstance(label, list) else label)


def accuracy(row: Row) -> float:
    """Whether a label, or each of several, is right."""
    return float(plain(row["label"]) == plain(row["target"]))


def mae(row: Row) -> float:
    """Absolute error of a number."""
    return abs(float(row["prediction"]) - float(row["target"]))


_SCORES: Mapping[str, Callable[[Row], float]] = {one.__name__: one for one in (accuracy, mae)}
