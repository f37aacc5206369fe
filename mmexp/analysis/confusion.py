"""What a classifier takes for what, and how far its confidence can be trusted, from its predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mmexp.analysis.predictions import plain, read_predictions
from mmexp.analysis.statistics import mean
from mmexp.run.summary import RunRow

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Predictions of about one confidence.

    Args:
        number: Of predictions.
        confidence: Their mean confidence.
        accuracy: The fraction that is right.
    """

    number: int
    confidence: float
    accuracy: float


def confusion(runs: Iterable[RunRow], metric: str) -> Mapping[tuple[str, str], int]:
    """Count predictions by target and label, over all runs; empty where samples have no single label.

    Args:
        runs: Of one way.
        metric: Whose split is read.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for run in runs:
        for row in read_predictions(run, metric):
            if "label" not in row or isinstance(row["label"], (list, dict)) or isinstance(row["target"], (list, dict)):
                return {}
            counts[str(row["target"]), str(row["label"])] += 1
    return counts


def reliability(runs: Iterable[RunRow], metric: str) -> list[Bin]:
    """Gather predictions in ten bins of equal width by their confidence; empty where these are no probabilities.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599, fig. 1.

    Args:
        runs: Of one way.
        metric: Whose split is read.
    """
    bins: dict[int, list[tuple[float, float]]] = {}
    for run in runs:
        for row in read_predictions(run, metric):
            score = row.get("score")
            if "label" not in row or not isinstance(score, (int, float)) or not 0 <= score <= 1:
                return []
            right = float(plain(row["label"]) == plain(row["target"]))
            bins.setdefault(min(int(score * BINS), BINS - 1), []).append((float(score), right))
    columns = [list(zip(*bins[i], strict=True)) for i in sorted(bins)]
    return [Bin(len(scores), mean(scores), mean(right)) for scores, right in columns]
