from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from mmexp.metric.anomaly import AnomalyScores, operating_points


def measured(scores, targets, recall: float = 0.9, window: float = 1.0) -> dict[str, float]:
    """Two unequal batches."""
    metric = AnomalyScores(recall=recall, window=window)
    for part in (slice(0, 7), slice(7, None)):
        metric.update(torch.tensor(scores[part]), torch.tensor(targets[part]))
    return {name: float(value) for name, value in metric.compute().items()}


def drawn(seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    targets = generator.random(80) < 0.2
    scores = generator.normal(targets, 1, 80)
    return (scores.round() if ties else scores), targets


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_area_and_average_precision_agree_with_sklearn(seed, ties):
    scores, targets = drawn(seed, ties)
    found = measured(scores, targets)
    assert found["auroc"] == pytest.approx(roc_auc_score(targets, scores))
    assert found["ap"] == pytest.approx(average_precision_score(targets, scores))


@pytest.mark.parametrize("recall", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("ties", [False, True])
def test_false_alarms_are_those_of_the_first_threshold_that_finds_enough(ties, recall):
    for seed in range(4):
        scores, targets = drawn(seed, ties)
        wrong, found, _ = roc_curve(targets, scores, drop_intermediate=False)
        expected = wrong[np.argmax(found >= recall)] * 3600 / 0.5
        assert measured(scores, targets, recall, window=0.5)["false_alarms_per_hour"] == pytest.approx(expected)


def test_an_alarm_that_never_is_false_and_one_that_always_is():
    targets = np.arange(10) < 3
    assert measured(-np.arange(10.0), targets) == {"auroc": 1, "ap": 1, "false_alarms_per_hour": 0}
    assert measured(np.arange(10.0), targets)["false_alarms_per_hour"] == 3600


@pytest.mark.parametrize("targets", [np.zeros(9, bool), np.ones(9, bool), np.zeros(0, bool)])
def test_without_anomalies_or_without_anything_normal_all_is_undefined(targets):
    assert all(np.isnan(value) for value in measured(np.arange(float(len(targets))), targets).values())


def test_equal_scores_are_one_threshold():
    points = operating_points(torch.tensor([2.0, 1.0, 1.0, 0.0]), torch.tensor([True, True, False, False]))
    assert points.recall.tolist() == [0.5, 1, 1] and points.false_alarms.tolist() == [0, 0.5, 1]
    assert points.precision.tolist() == pytest.approx([1, 2 / 3, 0.5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recall": 0.0, "window": 1.0}, r"recall must be in \(0, 1\], got 0.0"),
        ({"recall": 1.1, "window": 1.0}, r"recall must be in \(0, 1\], got 1.1"),
        ({"recall": 0.9, "window": 0}, "window must be positive, got 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AnomalyScores(**options)
