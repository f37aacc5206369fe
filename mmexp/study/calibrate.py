"""What the probabilities of a run are worth: calibrated on val, measured on test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmexp.analysis.predictions import with_truth
from mmexp.analysis.recompute import Metric
from mmexp.error import ConfigError
from mmexp.study.calibration import calibration_error, conformal_threshold, fit_temperature, scaled
from mmexp.study.estimate import Measured, means
from mmexp.study.studied_run import StudiedRun
from mmexp.task.classification import Classification

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Shares of the samples that are answered in selective prediction."""
_BOTH = ("before", "after")
FEWEST = 20
"""Samples of val that have a class of the training split."""


@dataclass(frozen=True)
class Scores:
    """Probabilities of the classes, and which class is right.

    Args:
        ids: Of the samples.
        probabilities: [N, C]
        truth: Number of the class; -1 for one that training never had. [N]
        groups: Of samples, by id.
    """

    ids: Sequence[str]
    probabilities: np.ndarray
    truth: np.ndarray
    groups: Mapping[str, str]

    def part(self, places: np.ndarray) -> Scores:
        """Return some of the samples."""
        return Scores([self.ids[i] for i in places], self.probabilities[places], self.truth[places], self.groups)

    def at(self, temperature: float) -> Scores:
        """Return them at a temperature."""
        return Scores(self.ids, scaled(self.probabilities, temperature), self.truth, self.groups)

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted class. [N]"""
        return np.asarray(self.probabilities.max(1))

    @property
    def right(self) -> np.ndarray:
        """1 where the predicted class is right. [N]"""
        return np.asarray(self.probabilities.argmax(1) == self.truth, float)

    @property
    def nonconformity(self) -> np.ndarray:
        """1 less the probability of the right class; 1 for a class that training never had. [N]"""
        own = self.probabilities[np.arange(len(self.truth)), self.truth]
        return np.where(self.truth < 0, 1.0, 1 - own)


def read_scores(study: StudiedRun) -> Scores:
    """Evaluate a run on its split, and return the probabilities of all classes.

    Raises:
        ConfigError: If its task does not choose one of several classes.
    """
    task = study.trained.task
    if not isinstance(task, Classification) or task.form == "multilabel":
        got = f"{type(task).__name__} of several labels" if isinstance(task, Classification) else type(task).__name__
        raise ConfigError(f"calibrate: RUN must choose one of several classes, got {got}.")
    listed, task.listed = task.listed, len(task.classes)
    try:
        found = study.score()
    finally:
        task.listed = listed
    names = [str(one) for one in task.classes]
    place = {name: i for i, name in enumerate(names)}
    rows = with_truth(found.rows)
    return Scores(
        [str(row["id"]) for row in rows],
        np.array([[row["scores"][name] for name in names] for row in rows], float).reshape(len(rows), len(names)),
        np.array([place.get(str(row["target"]), -1) for row in rows], int),
        found.groups,
    )


def calibrate(val: Scores, test: Scores, coverage: float = 0.9, seed: int = 0) -> dict[str, Any]:
    """Fit a temperature and conformal sets on val, and measure both on test.

    One half of val, drawn at random, gives the temperature and the thresholds of selective prediction, the other half
    the conformal threshold: a sample that has chosen the temperature is not exchangeable with one of test.

    Args:
        val: Of the validation split.
        test: Of the test split.
        coverage: That conformal sets must have.
        seed: Of the halves.

    Raises:
        ConfigError: If the coverage is no share, or val has too few samples.
    """
    if not 0 < coverage < 1:
        raise ConfigError(f"calibrate: --coverage must be in (0, 1), got {coverage:g}.")
    known = np.flatnonzero(val.truth >= 0)
    if len(known) < FEWEST:
        rule = f"calibrate: val must have {FEWEST} samples or more of a class of the training split"
        raise ConfigError(f"{rule}, got {len(known)}.")
    order = np.random.default_rng(seed).permutation(len(val.ids))
    fitted, held = (val.part(np.sort(part)) for part in (order[: len(order) // 2], order[len(order) // 2 :]))
    seen = fitted.part(np.flatnonzero(fitted.truth >= 0))
    temperature = fit_temperature(seen.probabilities, seen.truth)
    after = test.at(temperature)
    return {
        "temperature": temperature,
        "fitted_on": {"split": "val", "samples": len(seen.ids), "seed": seed},
        "ece": {"before": _error(test), "after": _error(after)},
        "nll": _nll(test, after),
        "selective": [_selective(fitted.at(temperature), after, share) for share in COVERAGES],
        "conformal": _conformal(held.at(temperature), after, coverage),
    }


def _error(scores: Scores) -> float:
    """Return the calibration error, without an interval: resampled, it is above its own value, as chance adds to it."""
    return float(calibration_error(scores.confidence, scores.right)(np.ones((1, len(scores.ids))))[0])


def _nll(before: Scores, after: Scores) -> dict[str, Any]:
    """Return the negative log-likelihood of both with intervals, and by how much it falls."""
    known = np.flatnonzero(before.truth >= 0)
    if not len(known):
        return {}
    own = {
        name: -np.log(np.maximum(1 - one.part(known).nonconformity, 1e-30))
        for name, one in zip(_BOTH, (before, after), strict=True)
    }
    found = means(own, before.part(known).ids, before.groups)

    def one(name: str) -> dict[str, Any]:
        return found.estimate(lambda value: value(name)).plain()

    values = {name: one(name) for name in _BOTH}
    return values | {"reduction": found.estimate(lambda value: value("before") - value("after")).plain()}


def _selective(fitted: Scores, test: Scores, share: float) -> dict[str, Any]:
    """Accuracy on the test samples whose confidence is in the best share of val."""
    threshold = float(np.quantile(fitted.confidence, 1 - share)) if share < 1 else 0.0
    kept = test.confidence >= threshold
    known: dict[str, Any] = {"coverage": share, "threshold": threshold, "answered": float(kept.mean())}
    if not kept.any():
        return known | {"accuracy": {"value": None}}
    ratio = _ratio(kept * test.right, kept.astype(float))
    found = Measured({0: float(test.right[kept].mean())}, {0: ratio}, test.ids, test.groups)
    return known | {"accuracy": found.estimate(lambda value: value(0)).plain()}


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> Metric:
    def value(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ numerator) / (weights @ denominator))

    return value


def _conformal(held: Scores, test: Scores, coverage: float) -> dict[str, Any]:
    threshold = conformal_threshold(held.nonconformity, coverage)
    sets = 1 - test.probabilities <= threshold
    covered = (test.nonconformity <= threshold) & (test.truth >= 0)
    sizes = sets.sum(1)
    found = means({"coverage": covered.astype(float), "size": sizes.astype(float)}, test.ids, test.groups)
    return {
        "method": "split conformal, LAC",
        "asked": coverage,
        "calibrated_on": {"split": "val", "samples": len(held.ids)},
        "threshold": threshold,
        "coverage": found.estimate(lambda value: value("coverage")).plain(),
        "size": found.estimate(lambda value: value("size")).plain(),
        "empty": int((sizes == 0).sum()),
    }
