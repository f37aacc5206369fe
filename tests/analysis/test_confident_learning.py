from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mmexp.analysis.confident_learning import LabelQuality, confident_learning

CLASSES = 4


@pytest.fixture(scope="module")
def flipped() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of a good model, labels of which 10 % were flipped, and which."""
    generator = np.random.default_rng(0)
    true = generator.integers(0, CLASSES, 400)
    logits = generator.normal(0, 1, (400, CLASSES)) + 4 * np.eye(CLASSES)[true]
    scores = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wrong = np.zeros(400, bool)
    wrong[generator.permutation(400)[:40]] = True
    given = np.where(wrong, (true + generator.integers(1, CLASSES, 400)) % CLASSES, true)
    return scores, given, wrong


@pytest.fixture(scope="module")
def quality(flipped: tuple[np.ndarray, np.ndarray, np.ndarray]) -> LabelQuality:
    return confident_learning(flipped[0], flipped[1])


def test_flipped_labels_are_found_with_few_others(flipped, quality):
    """Precision 1.0 and recall 0.82 here; of random flags both would be about 0.1."""
    flags = quality.suggested != flipped[1]
    precision, recall = (flags & flipped[2]).sum() / flags.sum(), (flags & flipped[2]).sum() / 40
    assert precision > 0.95 and recall > 0.8
    assert quality.share == pytest.approx(0.1, abs=0.02)
    first = np.argsort(quality.margin)[:40]
    assert flipped[2][first].mean() > 0.9


def test_it_counts_as_the_equations_say(flipped, quality):
    """Sample by sample, in plain Python."""
    scores, given, _ = flipped
    limits = {
        c: sum(row[c] for row, own in zip(scores, given, strict=True) if own == c) / Counter(given)[c]
        for c in range(CLASSES)
    }
    counts: Counter[tuple[int, int]] = Counter()
    for i, (row, own) in enumerate(zip(scores.tolist(), given.tolist(), strict=True)):
        reached = [c for c in range(CLASSES) if row[c] >= limits[c]]
        true = max(reached, key=lambda c: row[c]) if reached else own
        assert quality.suggested[i] == true
        assert quality.margin[i] == pytest.approx(row[own] - max(row[c] for c in range(CLASSES) if c != own))
        assert quality.self_confidence[i] == row[own]
        counts[own, true] += bool(reached)
    for own in range(CLASSES):
        total = sum(counts[own, true] for true in range(CLASSES))
        for true in range(CLASSES):
            assert quality.joint[own, true] == pytest.approx(counts[own, true] / total * Counter(given.tolist())[own])
    assert quality.joint.sum() == pytest.approx(400)


def test_a_class_that_is_never_given_is_never_suggested():
    scores = np.array([[0.1, 0.2, 0.7], [0.6, 0.1, 0.3], [0.2, 0.7, 0.1]])
    found = confident_learning(scores, np.array([0, 0, 1]))
    assert np.isnan(found.thresholds[2]) and 2 not in found.suggested
    assert np.isfinite(found.joint).all() and found.joint[2].sum() == 0


def test_a_class_of_which_no_sample_is_confident_counts_as_right():
    scores = np.array([[0.5, 0.5], [0.4, 0.6], [0.45, 0.55]])
    found = confident_learning(scores, np.array([0, 1, 1]))
    assert found.joint.sum() == pytest.approx(3)
