"""Confident learning: which labels are likely wrong, from scores of classes that were predicted without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelQuality:
    """What scores say of the labels of N samples among C classes.

    Args:
        suggested: Class that the scores are confident of; the given one where they are of none. [N]
        self_confidence: Score of the given class. [N]
        margin: Score of the given class less the best of the others, in [-1, 1]. [N]
        joint: Estimated number of samples by given and true class. [C, C]
        thresholds: Score from which a class is confident, NaN of one that is never given. [C]
    """

    suggested: np.ndarray
    self_confidence: np.ndarray
    margin: np.ndarray
    joint: np.ndarray
    thresholds: np.ndarray

    @property
    def share(self) -> float:
        """Estimated share of the labels that are wrong."""
        return float(1 - np.trace(self.joint) / self.joint.sum())


def confident_learning(scores: np.ndarray, labels: np.ndarray) -> LabelQuality:
    """Count confident samples by given and true class, and suggest another class for those off the diagonal.

    A sample is confidently of class j if its score of j is at least the mean score of j of the samples that are given
    j; of several such classes it is of the best scored one. Counts are scaled to the size of each given class.

    Source: Northcutt et al. 2021, "Confident Learning", https://arxiv.org/abs/1911.00068, eqs. 1 to 3; ranked by the
    normalised margin of Wei et al. 2018, section 3.2 there.

    Args:
        scores: Out of sample. [N, C]
        labels: Class that is given. [N]
    """
    number, classes = scores.shape
    thresholds = np.array([scores[labels == c, c].mean() if (labels == c).any() else np.nan for c in range(classes)])
    reached = scores >= np.where(np.isnan(thresholds), np.inf, thresholds)
    best = np.where(reached, scores, -np.inf).argmax(1)
    confident = reached.any(1)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels[confident], best[confident]), 1)
    sizes = np.bincount(labels, minlength=classes)
    empty = counts.sum(1) == 0
    counts[empty, empty] = sizes[empty]
    joint = counts / np.maximum(counts.sum(1, keepdims=True), 1) * sizes[:, None]
    own = scores[np.arange(number), labels]
    others = scores.copy()
    others[np.arange(number), labels] = -np.inf
    return LabelQuality(np.where(confident, best, labels), own, own - others.max(1), joint, thresholds)
