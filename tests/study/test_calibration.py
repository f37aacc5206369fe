from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics.classification import BinaryCalibrationError

from mmexp.study.calibration import calibration_error, conformal_threshold, fit_temperature, nll, scaled


def drawn(number: int, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes and truths that follow them, of which the logits are then multiplied."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(number, 3)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = np.array([generator.choice(3, p=row) for row in honest])
    return scaled(honest, 1 / sharpness), truth


def test_a_temperature_divides_the_logits():
    logits = torch.randn(5, 4, dtype=torch.float64)
    found = scaled(logits.softmax(-1).numpy(), 2.5)
    assert found == pytest.approx((logits / 2.5).softmax(-1).numpy())
    assert scaled(np.array([[1.0, 0.0]]), 2.0)[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_of_overconfident_probabilities_is_found(sharpness: float):
    probabilities, truth = drawn(4000, sharpness)
    found = fit_temperature(probabilities, truth)
    assert found == pytest.approx(sharpness, rel=0.08)
    around = [nll(scaled(probabilities, found * factor), truth) for factor in (0.97, 1.0, 1.03)]
    assert min(around) == around[1]


def test_the_calibration_error_is_that_of_torchmetrics_and_counts_samples_by_weight():
    probabilities, truth = drawn(500, 3.0)
    confidence, right = probabilities.max(1), (probabilities.argmax(1) == truth).astype(float)
    reference = BinaryCalibrationError()(torch.tensor(confidence), torch.tensor(right).long())
    error = calibration_error(confidence, right)
    assert error(np.ones((1, 500)))[0] == pytest.approx(float(reference), abs=1e-6)
    half = np.repeat([1.0, 0.0], 250)[None]
    assert error(half)[0] == pytest.approx(calibration_error(confidence[:250], right[:250])(np.ones((1, 250)))[0])


def test_the_conformal_rank_is_that_of_finite_samples():
    scores = np.arange(1, 10) / 10
    assert conformal_threshold(scores, 0.8) == 0.8 and conformal_threshold(scores, 0.9) == 0.9
    assert conformal_threshold(scores, 0.95) == math.inf


def test_conformal_sets_cover_as_often_as_stated():
    covered = []
    for seed in range(200):
        probabilities, truth = drawn(100, 3.0, seed)
        own = 1 - probabilities[np.arange(100), truth]
        covered.append((own[50:] <= conformal_threshold(own[:50], 0.9)).mean())
    assert np.mean(covered) == pytest.approx(0.9 + 0.1 / 51, abs=0.015)
