"""Each metric of a run in each group of samples, and how far the groups are apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.analysis.recompute import Metric
from mmexp.error import ConfigError
from mmexp.study.estimate import Estimate, Measured, measured
from mmexp.study.missing import Progress
from mmexp.study.scored import Scored
from mmexp.study.studied_run import StudiedRun

SMALL = 20
"""Samples below which a group is small: it says little, and does not count for the worst gap."""
MOST = 50
"""Groups."""
EMPTY = "(empty)"
"""Group of the samples whose cell is empty."""


@dataclass(frozen=True)
class Gap:
    """The two groups that are furthest apart in a metric; that they are chosen so is not in the interval.

    Args:
        best: Group.
        worst: Group.
        difference: By how much the metric is better in the best one.
    """

    best: str
    worst: str
    difference: Estimate


@dataclass(frozen=True)
class Fairness:
    """Metrics of a run by group.

    Args:
        study: The run.
        column: That says which group a sample is of.
        scores: By group, the largest first.
    """

    study: StudiedRun
    column: str
    scores: Mapping[str, Scored]

    @property
    def metrics(self) -> list[str]:
        """Keys of the metrics that some group has, that of the run first."""
        known = dict.fromkeys(key for one in self.scores.values() for key in one.metrics)
        return sorted(known, key=lambda key: key != self.study.metric)

    def size(self, group: str) -> int:
        """Return the number of samples of a group."""
        return len(self.scores[group].rows)

    def classes(self, group: str) -> set[Any]:
        """Return the classes that samples of a group are of; none of a task without classes."""
        if not self.study.trained.facts.get("classes", {}):
            return set()
        targets = [row.get("target") for row in self.scores[group].rows]
        each = (one if isinstance(one, list) else [one] for one in targets)
        return {name for names in each for name in names if isinstance(name, str | int)}

    @property
    def is_of_same_classes(self) -> bool:
        """Whether groups that are not small have the same classes, as a metric that averages over classes supposes."""
        return len({frozenset(self.classes(one)) for one in self.scores if self.size(one) >= SMALL}) < 2

    def value(self, group: str, metric: str) -> Estimate:
        """Return a metric in a group."""
        return measured({group: self.scores[group]}, metric).estimate(lambda value: value(group))

    def gap(self, metric: str) -> Gap | None:
        """Return the worst gap between groups that are not small; None if there are fewer than two."""
        sign = self.study.sign_of(metric)
        values = {
            group: sign * float(value)
            for group, one in self.scores.items()
            if self.size(group) >= SMALL and (value := one.metrics.get(metric)) is not None and math.isfinite(value)
        }
        if len(values) < 2:
            return None
        best, worst = max(values, key=values.__getitem__), min(values, key=values.__getitem__)
        pair = together({name: self.scores[name] for name in dict.fromkeys((best, worst))}, metric)
        return Gap(best, worst, pair.estimate(lambda value: sign * (value(best) - value(worst))))

    def plain(self) -> dict[str, Any]:
        """Return what is written and what ``--json`` prints."""
        study = self.study
        gaps = {metric: gap for metric in self.metrics if (gap := self.gap(metric))}
        return {
            "run": study.run.folder.id,
            "fusion": study.run.config.get("fusion"),
            "split": study.split,
            "samples": len(study.samples),
            "column": self.column,
            "small": SMALL,
            "same_classes": self.is_of_same_classes,
            "groups": {
                group: {
                    "samples": self.size(group),
                    "small": self.size(group) < SMALL,
                    "classes": len(self.classes(group)),
                    "metrics": {metric: self.value(group, metric).plain() for metric in self.metrics},
                }
                for group in self.scores
            },
            "gaps": {
                metric: {"best": one.best, "worst": one.worst, **one.difference.plain()} for metric, one in gaps.items()
            },
        }


def by_group(
    study: StudiedRun, column: str, values: Mapping[str, Any], progress: Progress = lambda done, total: None
) -> Fairness:
    """Evaluate a run on each group of its samples.

    Args:
        study: The run.
        column: Name of the column.
        values: Its value by the id of a sample.
        progress: Takes how many groups of how many are done.

    Raises:
        ConfigError: If there is one group only, or there are too many.
    """
    groups = [_name(values.get(sample.id)) for sample in study.samples]
    counts = Counter(groups)
    if not 2 <= len(counts) <= MOST:
        rule = f"fairness: --group must be a column of 2 to {MOST} values in {study.split}"
        raise ConfigError(f"{rule}, got {len(counts)} of '{column}'.")
    scores: dict[str, Scored] = {}
    for name, _ in counts.most_common():
        scores[name] = study.score([study.samples[i] for i, own in enumerate(groups) if own == name])
        progress(len(scores), len(counts))
    return Fairness(study, column, scores)


def _name(value: Any) -> str:
    return EMPTY if value is None or not str(value).strip() else str(value)


def together(scores: Mapping[str, Scored], metric: str) -> Measured[str]:
    """Return the metric of two groups of samples as a function of the weights of all their samples.

    The unit is the group of the data (a patient, a speaker) where each of the two holds three of them at least, else
    the sample.
    """
    one = measured(scores, metric)
    ids = [name for own in scores.values() for name in own.ids]
    place = {name: i for i, name in enumerate(ids)}
    places = {key: np.array([place[name] for name in own.ids]) for key, own in scores.items()}
    metrics = {key: _of_part(value, places[key]) for key, value in one.metrics.items()}
    units = [len(set(own.groups.values())) for own in scores.values()]
    groups = {name: unit for own in scores.values() for name, unit in own.groups.items()} if min(units) >= 3 else {}
    return Measured(one.values, metrics, ids, groups)


def _of_part(value: Metric, places: np.ndarray) -> Metric:
    return lambda weights: value(weights[:, places])
