from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mmexp.analysis.margin import Margin, margin, margin_over_majority_class
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

KEY = "test/accuracy"


def run(value: float, key: str = KEY) -> RunRow:
    return RunRow(RunFolder(Path("nowhere")), "done", metrics={key: value})


def answered(tmp_path: Path, answers: Sequence[Any], targets: Sequence[Any]) -> RunRow:
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    rows = [{"id": i, "label": a, "target": t} for i, (a, t) in enumerate(zip(answers, targets, strict=True))]
    folder.predictions("test").write_text("".join(json.dumps(row) + "\n" for row in rows))
    right = float(np.mean([a == t for a, t in zip(answers, targets, strict=True)]))
    return RunRow(folder, "done", metrics={KEY: right, "test/f1": right})


def test_three_seeds_give_the_paired_interval_of_scipy():
    own, other = [0.8, 0.85, 0.9], [0.7, 0.7, 0.72]
    reference = stats.ttest_rel(own, other).confidence_interval(0.95)
    found = margin([(run(a), run(b)) for a, b in zip(own, other, strict=True)], KEY, "max")
    assert (found.low, found.high) == pytest.approx((reference.low, reference.high))


def test_where_less_is_better_less_is_ahead():
    found = margin([(run(0.2 + i / 100, "test/loss"), run(0.5, "test/loss")) for i in range(3)], "test/loss", "min")
    assert found.mean == pytest.approx(0.29) and found.is_won
    assert margin([(run(0.5, "test/loss"), run(0.2, "test/loss"))], "test/loss", "min").is_lost


def test_with_fewer_seeds_accuracy_has_an_interval_over_samples(tmp_path):
    targets = list("abab" * 10)
    own, other = answered(tmp_path, targets, targets), answered(tmp_path, ["a"] * 40, targets)
    found = margin([(own, other)], KEY, "max")
    differences = np.array([t != "a" for t in targets], dtype=float)
    assert (found.low, found.high) == pytest.approx(stats.norm.interval(0.95, 0.5, stats.sem(differences)))


def test_other_metrics_and_lost_answers_have_no_interval(tmp_path):
    own, other = answered(tmp_path, ["a", "b"], ["a", "b"]), answered(tmp_path, ["a", "a"], ["a", "b"])
    assert margin([(own, other)], "test/f1", "max") == Margin(0.5)
    other.folder.predictions("test").write_text('{"id": 0, "label"')
    assert margin([(own, other)], KEY, "max") == Margin(0.5)
    other.folder.predictions("test").unlink()
    assert margin([(own, other)], KEY, "max") == Margin(0.5)


def test_without_a_control_the_majority_class_is_the_baseline(tmp_path):
    targets = ["a"] * 30 + ["b"] * 10
    found = margin_over_majority_class([answered(tmp_path, targets, targets)], KEY)
    assert found is not None and found.mean == pytest.approx(0.25) and found.is_won
    constant = margin_over_majority_class([answered(tmp_path, ["a"] * 40, targets)], KEY)
    assert constant == Margin(0.0, 0.0, 0.0) and not constant.is_won
    assert margin_over_majority_class([run(0.9)], KEY) is None


def test_several_labels_are_right_in_any_order(tmp_path):
    found = margin_over_majority_class([answered(tmp_path, [["x", "y"], ["x"]], [["y", "x"], ["y"]])], KEY)
    assert found is not None and found.mean == 0.0


@pytest.mark.parametrize(
    ("found", "won", "lost"),
    [
        (Margin(0.1, 0.05, 0.15), True, False),
        (Margin(0.1, -0.05, 0.25), False, False),
        (Margin(-0.1, -0.2, -0.05), False, True),
        (Margin(0.1), True, False),
        (Margin(-0.1), False, True),
    ],
)
def test_what_lies_within_chance_variation_is_neither_won_nor_lost(found, won, lost):
    assert (found.is_won, found.is_lost) == (won, lost)
