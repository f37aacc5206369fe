from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error

from mmexp.metric.regression import RegressionScores


def scored(answers: np.ndarray, targets: np.ndarray, scale: float | None = None) -> dict[str, float]:
    metric = RegressionScores(scale=scale)
    for part in np.array_split(np.arange(len(answers)), 3):
        metric.update(torch.tensor(answers[part]), torch.tensor(targets[part]))
    return {name: value.item() for name, value in metric.compute().items()}


def sentiments(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    targets = np.round(generator.uniform(-3, 3, count) * 5) / 5
    targets[:20] = 0
    return targets + generator.normal(0, 1, count), targets


def test_error_and_correlation_agree_with_sklearn_and_scipy():
    answers, targets = sentiments()
    found = scored(answers, targets)
    assert set(found) == {"mae", "pearson"}
    assert found["mae"] == pytest.approx(mean_absolute_error(targets, answers), rel=1e-5)
    assert found["pearson"] == pytest.approx(pearsonr(answers, targets).statistic, rel=1e-5)


@pytest.mark.parametrize("scale", [3.0, 1.0])
def test_accuracies_by_class_agree_with_a_count_sample_by_sample(scale):
    answers, targets = sentiments()
    found = scored((answers * scale / 3).astype(np.float32), (targets * scale / 3).astype(np.float32), scale)
    for classes, most in ((5, 2), (7, 3)):
        pairs = [[round(max(-most, min(most, float(x)))) for x in pair] for pair in zip(answers, targets, strict=True)]
        assert found[f"acc{classes}"] == pytest.approx(np.mean([one == other for one, other in pairs]))
    pairs = list(zip(answers, targets, strict=True))
    assert found["acc2"] == pytest.approx(np.mean([(one < 0) == (other < 0) for one, other in pairs]))
    signed = [(one > 0) == (other > 0) for one, other in pairs if other]
    assert len(signed) < len(pairs) and found["acc2_nonzero"] == pytest.approx(np.mean(signed))


def test_a_constant_answer_has_no_correlation():
    found = scored(np.ones(6), np.arange(6.0))
    assert np.isnan(found["pearson"]) and found["mae"] == pytest.approx(np.abs(np.arange(6) - 1).mean())


def test_before_any_sample_all_is_undefined():
    metric = RegressionScores(scale=3)
    metric.update(torch.empty(0), torch.empty(0))
    assert all(value.isnan() for value in metric.compute().values())
