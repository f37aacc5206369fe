from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmexp.error import ConfigError
from mmexp.study.calibrate import COVERAGES, Scores, calibrate, read_scores
from mmexp.study.calibration import scaled
from mmexp.study.studied_run import StudiedRun


def drawn(number: int, seed: int, sharpness: float = 3.0) -> Scores:
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(number, 3)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = np.array([generator.choice(3, p=row) for row in honest])
    return Scores([f"s{i}" for i in range(number)], scaled(honest, 1 / sharpness), truth, {})


def test_what_is_fitted_on_val_makes_test_better() -> None:
    found = calibrate(drawn(400, 0), drawn(400, 1))
    assert found["temperature"] == pytest.approx(3.0, rel=0.3)
    assert found["fitted_on"]["samples"] + found["conformal"]["calibrated_on"]["samples"] == 400
    assert found["ece"]["before"] > 2 * found["ece"]["after"] and found["nll"]["reduction"]["low"] > 0
    answered = [one["answered"] for one in found["selective"]]
    accuracy = [one["accuracy"]["value"] for one in found["selective"]]
    assert answered == pytest.approx(COVERAGES, abs=0.1) and answered[0] == 1.0
    assert accuracy[0] == pytest.approx(float(drawn(400, 1).right.mean())) and accuracy[-1] > accuracy[0] + 0.1
    sets = found["conformal"]
    assert sets["coverage"]["value"] == pytest.approx(0.9, abs=0.04) and 1 < sets["size"]["value"] < 3


def test_the_halves_of_val_depend_on_the_seed_alone() -> None:
    val, test = drawn(100, 0), drawn(50, 1)
    assert calibrate(val, test) == calibrate(val, test) != calibrate(val, test, seed=1)


def test_a_class_that_training_never_had_is_never_covered() -> None:
    val, test = drawn(100, 0), drawn(50, 1)
    unseen = replace(test, truth=np.where(np.arange(50) < 5, -1, test.truth))
    before, after = calibrate(val, test), calibrate(val, unseen)
    assert after["conformal"]["coverage"]["value"] <= before["conformal"]["coverage"]["value"]
    assert unseen.nonconformity[:5].tolist() == [1] * 5 and not unseen.right[:5].any()
    assert after["conformal"]["size"] == before["conformal"]["size"]


def test_scores_of_a_run_are_those_of_all_its_classes(study: StudiedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study.trained.task, "listed", 2)
    found = read_scores(study)
    assert found.probabilities.shape == (6, 3) and found.probabilities.sum(1) == pytest.approx(1)
    assert found.right.mean() == pytest.approx(study.run.metrics["test/accuracy"])
    assert study.trained.task.listed == 2


def test_several_labels_few_samples_and_an_odd_coverage_are_refused(
    study: StudiedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"val must have 20 samples or more of a class of .*, got 19"):
        calibrate(drawn(19, 0), drawn(9, 1))
    with pytest.raises(ConfigError, match=r"--coverage must be in \(0, 1\), got 1"):
        calibrate(drawn(40, 0), drawn(9, 1), 1.0)
    monkeypatch.setattr(study.trained.task, "form", "multilabel")
    with pytest.raises(
        ConfigError, match="RUN must choose one of several classes, got Classification of several labels"
    ):
        read_scores(study)
