"""Membership inference: whether a model shows in its loss that it was trained on a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmexp.analysis.difference import Difference
from mmexp.analysis.interval import interval_of
from mmexp.analysis.recompute import Metric
from mmexp.analysis.recomputed.auroc import area_under
from mmexp.study.estimate import Estimate

FALSE_POSITIVES = 0.01
"""Rate at which the true positives are counted."""
_LEAST = 1e-12  # probability


@dataclass(frozen=True)
class Samples:
    """Samples of the training split, and as many that were not trained on.

    Args:
        ids: All different.
        losses: Of each by itself. [N]
        members: Whether it was trained on. bool [N]
        groups: Of samples, by id; empty if that is not known.
    """

    ids: Sequence[str]
    losses: np.ndarray
    members: np.ndarray
    groups: Mapping[str, str]


@dataclass(frozen=True)
class Attack:
    """A way to separate members from others.

    Args:
        name: Of it.
        rule: What it does, in words.
        scores: The more, the likelier is a sample a member. [N]
        called: Whether it is called a member. bool [N]
    """

    name: str
    rule: str
    scores: np.ndarray
    called: np.ndarray

    def measures(self, samples: Samples) -> dict[str, Metric]:
        """Return ``advantage``, ``auroc`` and ``tpr_at_1_percent_fpr`` as functions of how often each sample counts.

        The threshold stays where it is while samples are drawn anew.
        """
        members = samples.members
        return {
            "advantage": lambda weights: self.rate(members, weights) - self.rate(~members, weights),
            "auroc": lambda weights: area_under(self.scores, members.astype(float), weights),
            "tpr_at_1_percent_fpr": lambda weights: true_positives(self.scores, members, weights, FALSE_POSITIVES),
        }

    def rate(self, of: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the share of some samples that is called a member. [N], [B, N] -> [B]"""
        return np.asarray((weights * (self.called & of)).sum(1) / (weights * of).sum(1))

    def measured(self, samples: Samples) -> dict[str, Any]:
        """Return each measure with its interval, over groups where these are known, and the rates they follow from."""
        once = np.ones((1, len(samples.members)))
        found: dict[str, Any] = {"rule": self.rule}
        for name, value in self.measures(samples).items():
            interval = interval_of(value, samples.ids, samples.groups)
            possible = interval and within(interval, -1.0 if name == "advantage" else 0.0, 1.0)
            found[name] = Estimate(float(value(once)[0]), possible).plain()
        for name, of in {"true_positives": samples.members, "false_positives": ~samples.members}.items():
            found[name] = float(self.rate(of, once)[0])
        return found


def within(interval: Difference, least: float, most: float) -> Difference:
    """Cut an interval to the values that are possible: that over a few groups may be wider."""
    low, high = interval.low, interval.high
    return replace(interval, low=low and max(low, least), high=high and min(high, most))


def loss_threshold(samples: Samples) -> Attack:
    """Call a member what costs no more than the samples of training do on average.

    Source: Yeom et al. 2018, "Privacy Risk in Machine Learning", https://arxiv.org/abs/1709.01604, section 3.2: the
    attacker knows the mean training loss.
    """
    limit = float(samples.losses[samples.members].mean())
    rule = f"a loss of at most {limit:.4g}, the mean over the training samples"
    return Attack("loss_threshold", rule, -samples.losses, samples.losses <= limit)


def calibrated(samples: Samples, labels: Sequence[str], others: np.ndarray, other_labels: Sequence[str]) -> Attack:
    """Call a member what the model is surer of than of samples of the same class that it was not trained on.

    ``score = (phi - mean_c) / std`` with ``phi = log(p / (1 - p))`` of ``p = exp(-loss)``; the mean of each class and
    the spread within classes come from others. The threshold for one half of the samples is the best one for the other.

    Source: Carlini et al. 2022, "Membership Inference Attacks From First Principles",
    https://arxiv.org/abs/2112.03570, section VI-A: the offline attack. Differs: one model and no shadow models, so that
    what a sample would cost without being trained on is known per class, not per sample.

    Args:
        samples: Members and others.
        labels: Of each.
        others: Losses of samples that were not trained on and are not among the samples, at least one. [M]
        other_labels: Of each.
    """
    known, own = logit(others), np.array(other_labels)
    means = {label: float(known[own == label].mean()) for label in np.unique(own)}
    spread = float(np.std(known - np.array([means[label] for label in other_labels]))) or 1.0
    scores = (logit(samples.losses) - np.array([means.get(label, known.mean()) for label in labels])) / spread
    rule = f"loss against that of {len(known)} validation samples of the same class, one model and no shadow models"
    return Attack("lira_lite", rule, scores, _called(scores, samples))


def logit(losses: np.ndarray) -> np.ndarray:
    """Return the log-odds of the probability whose negative logarithm the loss is. [N]"""
    chance = np.clip(np.exp(-np.maximum(losses, 0.0)), _LEAST, 1 - _LEAST)
    return np.asarray(np.log(chance) - np.log1p(-chance))


def true_positives(scores: np.ndarray, members: np.ndarray, weights: np.ndarray, rate: float) -> np.ndarray:
    """Return the largest share of members that is found while at most a rate of the others is called one.

    Shape:
        scores [N], members [N], weights [B, N] -> [B].
    """
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of each run of equal scores
    inside = np.cumsum((weights * members)[:, order], axis=1)[:, last]
    outside = np.cumsum((weights * ~members)[:, order], axis=1)[:, last]
    allowed = outside <= rate * outside[:, -1:] + 1e-9
    return np.asarray((inside * allowed).max(1) / inside[:, -1])


def bound(epsilon: float, delta: float) -> float:
    """Return the advantage that no attack exceeds where training is (epsilon, delta) differentially private.

    Source: Humphries et al. 2023, "Investigating Membership Inference Attacks under Data Dependencies",
    https://arxiv.org/abs/2010.12112, theorem 1: ``(e^eps - 1 + 2 delta) / (e^eps + 1)``.
    """
    grown = np.exp(min(epsilon, 700.0))
    return float(min(1.0, (grown - 1 + 2 * delta) / (grown + 1)))


def _called(scores: np.ndarray, samples: Samples) -> np.ndarray:
    """Call members by a threshold that was learned on other samples, of other groups where these are known."""
    units = np.array([samples.groups.get(name, name) for name in samples.ids])
    names = np.unique(units)
    first = np.isin(units, np.random.default_rng(0).permutation(names)[: len(names) // 2])
    called = np.zeros(len(scores), bool)
    for half in (first, ~first):
        called[half] = scores[half] >= _best(scores[~half], samples.members[~half])
    return called


def _best(scores: np.ndarray, members: np.ndarray) -> float:
    """Return the threshold of the largest advantage."""
    limits = np.unique(scores)
    if not members.any() or members.all():
        return float(np.median(scores))
    gains = [(scores[members] >= one).mean() - (scores[~members] >= one).mean() for one in limits]
    return float(limits[int(np.argmax(gains))])
