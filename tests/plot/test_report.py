from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from mmexp.plot.report import READABLE, report


def test_bars_and_marks_agree_with_sklearn():
    classes = ["a", "b", "c", "unused"]
    truth, answers = np.random.default_rng(0).random((2, 50, 3)) > 0.6
    lists = [
        [[name for name, has in zip(classes, row, strict=False) if has] for row in side] for side in (truth, answers)
    ]
    (axes,) = report(*lists, classes).axes
    precision, recall, f1, number = precision_recall_fscore_support(truth, answers)
    order = sorted(range(3), key=lambda i: -f1[i])
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(f1[order])
    for line, expected in zip(axes.lines, (precision, recall), strict=True):
        assert line.get_xdata() == pytest.approx(expected[order])
    assert [text.get_text() for text in axes.get_yticklabels()] == [f"{classes[i]} ({number[i]})" for i in order]


def test_of_many_classes_the_best_and_the_worst_are_shown():
    rows = [[i] for i in range(100)]
    wrong = [[i] if i < 60 else [0] for i in range(100)]
    (axes,) = report(rows, wrong, range(100)).axes
    assert len(axes.patches) == READABLE and axes.patches[0].get_width() == 1 and axes.patches[-1].get_width() == 0
