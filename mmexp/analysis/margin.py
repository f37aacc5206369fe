"""By how much runs are better than their baselines, with its confidence interval."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.analysis.statistics import Difference, mean, paired, per_sample
from mmexp.run.summary import RunRow

Pairs = Sequence[tuple[RunRow, RunRow]]


@dataclass(frozen=True)
class Margin:
    """A difference that is positive where the first is better, also if less of the metric is better.

    Args:
        mean: In the unit of the metric.
        low: Lower end of the 95 % interval; None if the runs give none.
        high: Upper end.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def is_won(self) -> bool:
        """Whether the first is better: beyond chance variation, where there is an interval."""
        return (self.mean if self.low is None else self.low) > 0

    @property
    def is_lost(self) -> bool:
        """Whether the second is."""
        return (self.mean if self.high is None else self.high) < 0


def margin(pairs: Pairs, metric: str, mode: str) -> Margin:
    """Compute the mean paired difference of runs and their baselines.

    With three pairs the interval is over seeds; with fewer, accuracy has one over the samples of the split.

    Args:
        pairs: At least one, each of a run and a baseline with the same seed; all have the metric.
        metric: Key.
        mode: Whether less (min) or more (max) of it is better.
    """
    sign = 1 if mode == "max" else -1
    own, other = ([sign * (run.metrics[metric] or 0.0) for run in side] for side in zip(*pairs, strict=True))
    found = paired(dict(enumerate(own)), dict(enumerate(other))) or _over_samples(pairs, metric)
    return _margin(found) if found else Margin(mean(own) - mean(other))


def margin_over_majority_class(runs: Sequence[RunRow], metric: str) -> Margin | None:
    """Compute the margin over always predicting the majority class; None without accuracy or predictions."""
    predicted = [_predictions(run, metric) for run in runs]
    known = [_majority_class(one) for one in predicted]
    found = per_sample([_correct(one) for one in predicted], known) if _is_accuracy(metric) else None
    return _margin(found) if found else None


def _margin(found: Difference) -> Margin:
    return Margin(found.mean, found.low, found.high)


def _over_samples(pairs: Pairs, metric: str) -> Difference | None:
    if not _is_accuracy(metric):
        return None
    own, other = ([_correct(_predictions(run, metric)) for run in side] for side in zip(*pairs, strict=True))
    return per_sample(own, other)


def _is_accuracy(metric: str) -> bool:
    return metric.rpartition("/")[2] == "accuracy"


def _predictions(run: RunRow, metric: str) -> dict[str, tuple[str, str]]:
    """Read prediction and target by sample, of the split that the metric is of; empty if there is no such file."""
    try:
        with open(run.folder.predictions(metric.partition("/")[0]), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        labelled = [row for row in rows if row.get("target") is not None]
        return {str(row["id"]): (_plain(row["label"]), _plain(row["target"])) for row in labelled}
    except (OSError, ValueError, LookupError, AttributeError):
        return {}


def _correct(predictions: dict[str, tuple[str, str]]) -> dict[str, float]:
    return {name: float(prediction == target) for name, (prediction, target) in predictions.items()}


def _majority_class(predictions: dict[str, tuple[str, str]]) -> dict[str, float]:
    counts = Counter(target for _, target in predictions.values()).most_common(1)
    return {name: float(target == counts[0][0]) for name, (_, target) in predictions.items()}


def _plain(label: Any) -> str:
    """A label, or labels in any order, as something that can be counted."""
    return json.dumps(sorted(label, key=str) if isinstance(label, list) else label)
