from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from mmexp.analysis.difference import Difference
from mmexp.analysis.margin import margin, margin_of_new_group, margin_over_majority_class
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
    return RunRow(folder, "done", metrics={KEY: right, "test/bleu": right})


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


def test_where_two_answer_all_samples_with_the_same_difference_there_is_no_interval_of_no_width(tmp_path):
    own, other = (answered(tmp_path, ["a", "a"], ["a", "b"]) for _ in range(2))
    assert margin([(own, other)], KEY, "max") == Difference(0.0)


def test_other_metrics_and_lost_answers_have_no_interval(tmp_path):
    own, other = answered(tmp_path, ["a", "b"], ["a", "b"]), answered(tmp_path, ["a", "a"], ["a", "b"])
    assert margin([(own, other)], "test/bleu", "max") == Difference(0.5)
    other.folder.predictions("test").write_text('{"id": 0, "label"')
    assert margin([(own, other)], KEY, "max") == Difference(0.5)
    other.folder.predictions("test").unlink()
    assert margin([(own, other)], KEY, "max") == Difference(0.5)


def test_without_a_control_the_majority_class_is_the_baseline(tmp_path):
    targets = ["a"] * 30 + ["b"] * 10
    found = margin_over_majority_class([answered(tmp_path, targets, targets)], KEY)
    assert found is not None and found.mean == pytest.approx(0.25) and found.is_won
    constant = margin_over_majority_class([answered(tmp_path, ["a"] * 40, targets)], KEY)
    assert constant is not None and (constant.mean, constant.low, constant.high, constant.p) == (0, 0, 0, 1)
    assert not constant.is_won
    assert margin_over_majority_class([run(0.9)], KEY) is None


def test_several_labels_are_right_in_any_order(tmp_path):
    found = margin_over_majority_class([answered(tmp_path, [["x", "y"], ["x"]], [["y", "x"], ["y"]])], KEY)
    assert found is not None and found.mean == 0.0


def labelled(
    rng: np.random.Generator, groups: int, chances: Sequence[float], truth: str = "abc"
) -> list[dict[str, Any]]:
    """Rows of 20 samples of each group, right by the chance of the group."""
    return [
        {"id": i, "target": (own := truth[i % 3]), "label": own if rng.random() < chances[i % groups] else "x"}
        | {"group": f"g{i % groups}"}
        for i in range(20 * groups)
    ]


def accuracy(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(np.mean([row["label"] == row["target"] for row in rows]))


def test_where_groups_are_tested_the_interval_is_over_them_and_wider_than_over_seeds(make_row):
    rng, groups = np.random.default_rng(0), {"column": "speaker", "number": 6, "seen": 0}
    pairs = []
    for seed in range(3):
        own, other = labelled(rng, 6, [1, 0.95, 0.9, 0.6, 0.5, 0.4]), labelled(rng, 6, [0.6] * 6)
        pairs.append([make_row(accuracy(rows), seed, rows=rows, groups=groups) for rows in (own, other)])
    found = margin(pairs, KEY, "max")
    seeds = margin([[replace(run, groups={}) for run in pair] for pair in pairs], KEY, "max")
    assert (found.over, found.pairs, seeds.over) == ("groups", 6, "seeds")
    assert found.mean == pytest.approx(seeds.mean)
    assert found.is_noise and not seeds.is_noise


def test_a_metric_that_is_no_mean_is_resampled_over_groups(make_row):
    from torchmetrics.functional import f1_score

    def f1(rows: Sequence[Mapping[str, Any]]) -> float:
        columns = [torch.tensor(["abcx".index(row[key]) for row in rows]) for key in ("label", "target")]
        return float(f1_score(*columns, task="multiclass", num_classes=5, average="macro"))

    rng, groups = np.random.default_rng(0), {"column": "speaker", "number": 6, "seen": 0}
    sides = [labelled(rng, 6, [0.9] * 6), labelled(rng, 6, [0.5] * 6)]
    pair = [make_row(f1(rows), metric="test/f1_macro", rows=rows, groups=groups) for rows in sides]
    found = margin([pair], "test/f1_macro", "max")
    assert (found.over, found.pairs, found.is_won) == ("groups", 6, True)
    alone = margin([[replace(run, groups={}) for run in pair]], "test/f1_macro", "max")
    assert alone.over == "samples" and "BCa" in alone.method and alone.mean == pytest.approx(found.mean)
    assert margin([pair[::-1]], "test/f1_macro", "min").is_won


def test_folds_that_leave_one_group_out_are_the_groups(make_row):
    groups = {"column": "speaker", "number": 1, "seen": 0}
    values = {"ann": (0.1, 0.12), "bob": (0.02, 0.0), "cyd": (0.05, 0.03), "dan": (0.2, 0.18)}
    pairs = [
        [make_row(0.5 + more, seed, fold=name, groups=groups), make_row(0.5, seed, fold=name, groups=groups)]
        for name, own in values.items()
        for seed, more in enumerate(own)
    ]
    found = margin(pairs, KEY, "max")
    means = np.array([np.mean(own) for own in values.values()])
    half = stats.t.ppf(0.975, 3) * means.std(ddof=1) * np.sqrt(1 / 4 + 1 / 3)
    assert (found.over, found.pairs) == ("groups", 4)
    assert (found.low, found.high) == pytest.approx((means.mean() - half, means.mean() + half))
    one_more = margin_of_new_group(pairs, KEY, "max")
    assert one_more is not None and one_more.low is not None and found.low is not None and one_more.low < found.low


def test_folds_of_several_groups_or_of_none_overlap_in_training(make_row):
    pairs = [[make_row(0.5 + i / 50, fold=str(i)), make_row(0.5, fold=str(i))] for i in range(5)]
    found = margin(pairs, KEY, "max")
    assert (found.over, found.pairs) == ("folds", 5) and "Nadeau" in found.method
    assert margin_of_new_group(pairs, KEY, "max") is None
    assert margin(pairs[:2], KEY, "max").low is None


def test_two_groups_say_nothing_of_others(make_row):
    groups = {"column": "speaker", "number": 2, "seen": 0}
    pairs = [[make_row(0.6 + seed / 100, seed, groups=groups), make_row(0.5, seed, groups=groups)] for seed in range(3)]
    assert margin(pairs, KEY, "max").over == "seeds"
