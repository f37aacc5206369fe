from __future__ import annotations

import numpy as np
from sklearn.metrics import auc, roc_auc_score

from mmexp.plot.anomaly import BINS, histogram, roc

GENERATOR = np.random.default_rng(0)
TARGETS = (GENERATOR.random(300) < 0.2).tolist()
SCORES = GENERATOR.normal(np.asarray(TARGETS) * 2.0, 1).tolist()


def test_the_bars_of_each_side_sum_to_one_and_outliers_are_among_them():
    scores = [*SCORES[:-1], 1e6]
    (axes,) = histogram(scores, TARGETS, 1.5).axes
    heights = np.array([bar.get_height() for bar in axes.patches]).reshape(2, BINS)
    np.testing.assert_allclose(heights.sum(1), 1)
    assert axes.lines[0].get_xdata()[0] == 1.5 and axes.get_xlim()[1] < 100
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        f"normal, {300 - sum(TARGETS)}",
        f"anomaly, {sum(TARGETS)}",
    ]


def test_the_area_under_the_curve_is_the_auroc_and_the_threshold_lies_on_it():
    (axes,) = roc(SCORES, TARGETS, 1.0).axes
    curve, point = axes.lines[1], axes.lines[2]
    assert np.isclose(auc(curve.get_xdata(), curve.get_ydata()), roc_auc_score(TARGETS, SCORES))
    above, wrong = np.array(SCORES) > 1, np.array(TARGETS)
    assert np.isclose(point.get_xdata()[0], above[~wrong].mean())
    assert np.isclose(point.get_ydata()[0], above[wrong].mean())


def test_equal_scores_can_be_drawn():
    assert histogram([0.0] * 4, [True, False, False, False], 3.0).axes
    assert roc([0.0] * 4, [True, False, False, False], 3.0).axes
