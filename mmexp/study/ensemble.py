"""The average of what several trained runs predict, measured from their prediction files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from mmexp.config.compose import load_config
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.contract import Batch
from mmexp.dataset.base import SPLITS
from mmexp.error import ConfigError, DataError
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.summary import DONE, RunRow, row
from mmexp.task.base import Task
from mmexp.task.classification import Classification
from mmexp.transform.label import UNSEEN

EVALUATED: tuple[str, ...] = SPLITS[1:]
ROUNDS = 20
"""Runs that are added to an average, each as often as it helps, where weights are fitted."""


@dataclass(frozen=True)
class Member:
    """A run as a part of an ensemble.

    Args:
        run: Its result.
        task: With the classes it knows.
        predictions: Rows by split and sample.
    """

    run: RunRow
    task: Classification
    predictions: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def scores(self, split: str, ids: Sequence[str]) -> Tensor:
        """Probability of each class. [N, C], or [N, C] of each by itself where several may apply"""
        names = [str(one) for one in self.task.classes]
        return torch.tensor([[self.predictions[split][i]["scores"][name] for name in names] for i in ids])


@dataclass(frozen=True)
class Ensemble:
    """Runs whose probabilities are averaged.

    Args:
        members: Runs of one task on the same samples.
        weights: What each counts; they sum to 1.
    """

    members: tuple[Member, ...]
    weights: tuple[float, ...]

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the average, by key such as ``test/accuracy``."""
        return measure(self.members, self.weights)

    def metrics_apart(self) -> list[dict[str, float]]:
        """Return those of each run by itself."""
        return [measure([one], [1.0]) for one in self.members]


def make_ensemble(members: Sequence[Member], weights: Sequence[float] | None = None, fit: bool = False) -> Ensemble:
    """Make an ensemble of runs that average the probabilities of their classes: ``p = sum_r w_r p_r``.

    Source: Kittler et al. 1998, "On Combining Classifiers", https://doi.org/10.1109/34.667881, eq. 13, the sum rule.

    Args:
        members: Runs, two or more.
        weights: What each counts, relative to the others; the same if None.
        fit: Whether to choose the weights that are best on the validation split.

    Raises:
        ConfigError: If runs do not fit together, or weights do not fit the runs.
    """
    if len(members) < 2:
        raise ConfigError(f"ensemble: RUN must be two runs or more, got {len(members)}.", "Run: mmexp list")
    for other in members[1:]:
        refuse_other(members[0], other)
    if fit:
        return Ensemble(tuple(members), fit_weights(members))
    shares = list(weights or [1.0] * len(members))
    if len(shares) != len(members) or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        given = ",".join(f"{one:g}" for one in shares)
        raise ConfigError(f"ensemble: --weights must be {len(members)} of 0 or more, not all 0, got {given}.")
    return Ensemble(tuple(members), tuple(one / sum(shares) for one in shares))


def read_member(folder: RunFolder, overrides: Sequence[str] = ()) -> Member:
    """Read the predictions of a run, and build its task.

    Args:
        folder: The run.
        overrides: As typed: the plugins that it may use.

    Raises:
        ConfigError: If the run is not done, does not score classes, or has not written the scores of all.
        DataError: If its predictions cannot be read.
    """
    run = row(folder)
    if run.status != DONE:
        raise ConfigError(
            f"ensemble: RUN must be done, got {run.status} of {folder.id}.", f"Run: {advice.resume(folder)}"
        )
    root, facts = load_config(folder.config, overrides).plain(), Facts.read(folder.path)
    task: Task = instantiate("task", facts.bind(root, "task"), plugins=root["plugins"])
    if not isinstance(task, Classification):
        name = run.config.get("task")
        raise ConfigError(f"ensemble: task must be one that scores classes, got {name} of {folder.id}.")
    predictions = {split: read_predictions(folder, split) for split in EVALUATED}
    number = len(task.classes)
    for one in (one for own in predictions.values() for one in own.values()):
        if len(one["scores"]) != number:
            rule = f"predictions must hold the scores of all {number} classes"
            hint = f"Train it again with task.listed={number}."
            raise ConfigError(f"ensemble: {rule}, got {len(one['scores'])} of {folder.id}.", hint)
    return Member(run, task, predictions)


def read_predictions(folder: RunFolder, split: str) -> dict[str, dict[str, Any]]:
    """Read the prediction rows of a split, by sample.

    Raises:
        DataError: If the file is not there, or not what mmexp writes.
    """
    path = folder.predictions(split)
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {one["id"]: {"scores": dict(one["scores"]), "target": one.get("target")} for one in rows}
    except (OSError, ValueError, LookupError, TypeError) as error:
        hint = f"Run: {advice.evaluate_again(folder)}"
        fault = f"{type(error).__name__}: {error}"
        raise DataError(
            f"predictions must be those of a classification, got {fault}.", path=str(path), hint=hint
        ) from error


def refuse_other(one: Member, other: Member) -> None:
    """Refuse runs of which an average means nothing.

    Raises:
        ConfigError: If task, target, form, classes, data or samples differ.
    """
    compared: dict[str, tuple[Any, Any]] = {
        "task": (type(one.task).__name__, type(other.task).__name__),
        "target": (one.task.target, other.task.target),
        "form": (one.task.form, other.task.form),
        "classes": (one.task.classes, other.task.classes),
        "data": (one.run.fingerprint[:8], other.run.fingerprint[:8]),
    }
    for name, (first, second) in compared.items():
        if first != second:
            runs = f"{one.run.folder.id} and {other.run.folder.id}"
            raise ConfigError(f"ensemble: {name} of all runs must be one, got {first} and {second} of {runs}.")
    for split in EVALUATED:
        if lacking := one.predictions[split].keys() ^ other.predictions[split].keys():
            rule = f"samples of {split} must be the same in all runs"
            name = min(lacking)
            where, not_in = (one, other) if name in one.predictions[split] else (other, one)
            got = f"{name!r} in {where.run.folder.id} but not in {not_in.run.folder.id}"
            raise ConfigError(f"ensemble: {rule}, got {got}.")


def measure(members: Sequence[Member], weights: Sequence[float]) -> dict[str, float]:
    """Measure the average of runs as their task measures a run; a metric that needs more than labels is left out."""
    found: dict[str, float] = {}
    for split in EVALUATED:
        batch = labels(members[0], split)
        scores = sum(weight * one.scores(split, batch.ids) for weight, one in zip(weights, members, strict=True))
        metrics = updated(members[0].task, torch.as_tensor(scores), batch)
        found |= {f"{split}/{name}": float(metric.compute()) for name, metric in metrics.items()}
    return found


def labels(member: Member, split: str) -> Batch:
    """Return the labels of a split as the task reads them."""
    task, rows = member.task, member.predictions[split]
    transform = task.transforms()[task.target]
    raw = [None if one["target"] is None else transform.prepare(one["target"]) for one in rows.values()]
    return Batch({}, {task.target: transform.collate(raw)}, tuple(rows))


def updated(task: Classification, scores: Tensor, batch: Batch) -> dict[str, Metric]:
    """Return those metrics of the task that scores and labels have updated."""
    metrics = task.metrics()
    task.measure(metrics, {"scores": scores}, batch)
    return {str(name): metric for name, metric in metrics.items() if metric.update_called}


def fit_weights(members: Sequence[Member]) -> tuple[float, ...]:
    """Return the weights of the best average on the validation split.

    It is built by adding, each time, the run with which the monitored metric is best and, among equals, the labels most
    probable. A run may be added again; the best average on the way is taken.

    Source: Caruana et al. 2004, "Ensemble Selection from Libraries of Models", https://doi.org/10.1145/1015330.1015432,
    section 2, with replacement.

    Raises:
        ConfigError: If no sample of it has a label.
    """
    task, batch = members[0].task, labels(members[0], "val")
    if not batch.targets[task.target].values.mask.any():
        raise ConfigError("ensemble: val must have labels to fit weights on, got none.", "Leave --fit out.")
    scores = [one.scores("val", batch.ids) for one in members]
    total, counts, found = torch.zeros_like(scores[0]), [0] * len(members), []
    for rounds in range(1, ROUNDS + 1):
        qualities = [quality(task, (total + own) / rounds, batch) for own in scores]
        best = max(range(len(members)), key=qualities.__getitem__)
        counts[best] += 1
        total += scores[best]
        found.append((qualities[best], tuple(count / rounds for count in counts)))
    return max(found, key=lambda one: one[0])[1]


def quality(task: Classification, scores: Tensor, batch: Batch) -> tuple[float, float]:
    """Return the monitored metric, more is better, and the mean log-probability of the labels."""
    value = float(updated(task, scores, batch)[task.monitor].compute()) * (1 if task.mode == "max" else -1)
    truth = batch.targets[task.target].values
    if task.form == "multilabel":
        applies, known = truth.values[:, :-1].bool(), truth.mask
        chances = torch.where(applies, scores, 1 - scores)[known]
    else:
        known = truth.mask & (truth.values != UNSEEN)
        chances = scores[known].gather(1, truth.values[known].unsqueeze(1))
    return -math.inf if math.isnan(value) else value, float(chances.clamp(min=1e-12).log().sum()) / len(batch)
