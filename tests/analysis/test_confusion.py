from __future__ import annotations

import pytest

from mmexp.analysis.confusion import confusion, reliability

ROWS = [
    {"id": "a", "label": "x", "target": "x", "score": 0.95},
    {"id": "b", "label": "x", "target": "y", "score": 0.91},
    {"id": "c", "label": "y", "target": "y", "score": 0.3},
]


def test_predictions_are_counted_over_all_runs(make_row):
    runs = [make_row(0.5, seed, rows=ROWS) for seed in range(2)]
    assert confusion(runs, "test/accuracy") == {("x", "x"): 2, ("y", "x"): 2, ("y", "y"): 2}


def test_a_bin_has_the_mean_confidence_and_the_fraction_that_is_right(make_row):
    low, high = reliability([make_row(0.5, rows=ROWS)], "test/accuracy")
    assert (low.number, low.confidence, low.accuracy) == (1, pytest.approx(0.3), 1.0)
    assert (high.number, high.confidence, high.accuracy) == (2, pytest.approx(0.93), 0.5)


def test_several_labels_or_no_probability_have_neither(make_row):
    several = make_row(0.5, rows=[{"id": "a", "label": ["x"], "target": ["x"], "score": 7.0}])
    assert confusion([several], "test/accuracy") == {} and reliability([several], "test/accuracy") == []
    assert confusion([make_row(0.5)], "test/accuracy") == {}
