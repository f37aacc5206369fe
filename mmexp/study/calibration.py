"""Probabilities that can be believed: temperature scaling, calibration error, and conformal sets."""

from __future__ import annotations

import math

import numpy as np

from mmexp.analysis.recompute import Metric

BINS = 15
_LARGEST = math.log(20.0)  # of a temperature, and of its inverse
_STEPS = 80


def scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits by a temperature. [N, C] -> [N, C]

    The logarithm of probabilities is the logits but for a constant, which the softmax takes away.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599, eq. 9.
    """
    logits = np.log(np.maximum(probabilities, 1e-30)) / temperature
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def nll(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Compute the mean negative log-probability of the classes that are right. [N, C], [N] -> number"""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-30)).mean())


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature of the smallest negative log-likelihood, within 1/20 to 20, by golden-section search.

    Args:
        probabilities: Of the classes. [N, C]
        truth: Number of the class that is right. [N]
    """
    ratio = (math.sqrt(5) - 1) / 2
    low, high = -_LARGEST, _LARGEST
    for _ in range(_STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if nll(scaled(probabilities, math.exp(left)), truth) <= nll(scaled(probabilities, math.exp(right)), truth):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> Metric:
    """Return the expected calibration error over 15 bins, as a function of how often each sample counts.

    Source: Guo et al. 2017, eq. 3.

    Args:
        confidence: Probability of the predicted class. [N]
        right: Whether it is right. [N]
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.zeros((len(bins), BINS))
    gaps[np.arange(len(bins)), bins] = right - confidence
    return lambda weights: np.abs(weights @ gaps).sum(-1) / weights.sum(-1)


def conformal_threshold(scores: np.ndarray, coverage: float) -> float:
    """Return the score up to which a class is in the set, so that sets hold the right class with a probability.

    Source: Sadinle et al. 2019, "Least Ambiguous Set-Valued Classifiers With Bounded Error Levels" (LAC),
    https://arxiv.org/abs/1609.00451; the rank of split conformal prediction: Vovk et al. 2005.

    Args:
        scores: 1 less the probability of the right class, of calibration samples. [N]
        coverage: At least so often, on samples exchangeable with these.

    Returns:
        Infinity, all classes, where there are too few samples for the coverage.
    """
    rank = math.ceil((len(scores) + 1) * coverage)
    return math.inf if rank > len(scores) else float(np.sort(scores)[rank - 1])
