from __future__ import annotations

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix

from mmexp.plot.classification import BINS, confusion, reliability


def test_the_matrix_shows_the_share_of_each_class_by_answer():
    generator = np.random.default_rng(0)
    targets, answers = generator.integers(3, size=(2, 60)).tolist()
    axes, scale = confusion(targets, answers, [0, 1, 2]).axes
    expected = confusion_matrix(targets, answers)
    np.testing.assert_allclose(axes.images[0].get_array(), expected / expected.sum(1, keepdims=True))
    assert scale.get_ylabel() == "fraction of the class"
    assert sorted(int(text.get_text()) for text in axes.texts) == sorted(expected[expected > 0].tolist())


def test_a_target_that_training_never_had_is_left_out_and_of_many_classes_some_are_named():
    axes, _ = confusion(["a", "x"], ["a", "b"], ["a", "b"]).axes
    assert axes.images[0].get_array().tolist() == [[1, 0], [0, 0]]
    many, _ = confusion([0], [0], range(100)).axes
    assert not many.texts
    assert [label.get_text() for label in many.get_yticklabels()] == [str(i) for i in range(0, 100, 4)]


def test_bars_show_the_accuracy_by_confidence():
    generator = np.random.default_rng(0)
    sure = generator.random(500)
    right = generator.random(500) < sure
    (axes,) = reliability(sure.tolist(), right.tolist()).axes
    expected, _ = calibration_curve(right, sure, n_bins=BINS)
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], expected)
