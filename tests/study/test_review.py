from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow
from mmexp.study.review import read_scores, review

MakeRun = Callable[..., RunRow]


@pytest.fixture
def run(tmp_path: Path) -> MakeRun:
    def make(rows: list[Mapping[str, Any]], name: str = "a", fingerprint: str = "x") -> RunRow:
        folder = RunFolder(tmp_path / name)
        folder.predictions("test").parent.mkdir(parents=True)
        folder.predictions("test").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return RunRow(folder, "done", fingerprint=fingerprint)

    return make


def rows(seed: int, number: int = 300, wrong: int = 30, first: int = 0) -> list[dict[str, Any]]:
    """Predictions of three classes; the labels of the first samples are flipped."""
    generator = np.random.default_rng(seed)
    found = []
    for i in range(first, first + number):
        true = i % 3
        logits = generator.normal(0, 1, 3) + 4 * np.eye(3)[true]
        scores = dict(zip("abc", (np.exp(logits) / np.exp(logits).sum()).tolist(), strict=True))
        given = "abc"[(true + 1) % 3] if i - first < wrong else "abc"[true]
        label = max(scores, key=lambda name: scores[name])
        found.append({"id": f"s{i}", "label": label, "score": max(scores.values()), "scores": scores, "target": given})
    return found


def test_flipped_labels_are_flagged_and_the_likeliest_come_first(run: MakeRun):
    """10 % are flipped: of the flags the precision is 1.0 and the recall 0.83."""
    found = review(read_scores([run(rows(0))], "test"), top=5)
    wrong = {f"s{i}" for i in range(30)}
    flagged = [one["id"] for one in found["mislabelled"]]
    hits = len(wrong & {*flagged})
    assert hits / len(flagged) > 0.95 and hits / 30 > 0.8 and found["flagged"] == len(flagged)
    assert found["estimated_share"] == pytest.approx(0.1, abs=0.03)
    margins = [one["margin"] for one in found["mislabelled"]]
    assert margins == sorted(margins) and {*flagged[:20]} <= wrong
    one = found["mislabelled"][0]
    assert one["suggested"] == "abc"["abc".index(one["target"]) - 1]
    assert sum(sum(row.values()) for row in found["joint"].values()) == pytest.approx(300)
    assert len(found["uncertain"]) == 5 and json.dumps(found)


def test_the_least_certain_come_first(run: MakeRun):
    found = review(read_scores([run(rows(1))], "test"), top=300)["uncertain"]
    gaps = [1 - (best - second) for best, second, _ in (one["scores"].values() for one in found)]
    assert gaps == sorted(gaps, reverse=True) and [one["uncertainty"] for one in found] == pytest.approx(gaps)


def test_folds_complement_one_another_and_seeds_are_averaged(run: MakeRun):
    folds = [run(rows(0, 60, 6), "f0"), run(rows(1, 60, 6, first=60), "f1")]
    assert len(read_scores(folds, "test").ids) == 120
    seeds = [run(rows(0, 60, 6), "s0"), run(rows(1, 60, 6), "s1")]
    both = read_scores(seeds, "test")
    assert len(both.ids) == 60 and both.runs == 2
    first, second = (read_scores([one], "test").values for one in seeds)
    assert both.values == pytest.approx((first + second) / 2)


def test_each_of_several_labels_is_a_question_of_its_own(run: MakeRun):
    generator, made = np.random.default_rng(0), []
    for i in range(200):
        true = [name for k, name in enumerate("ab") if (i >> k) & 1]
        scores = {name: float(np.clip((name in true) * 0.9 + generator.uniform(0, 0.1), 0, 1)) for name in "ab"}
        given = [name for name in "ab" if (name in true) != (name == "a" and i < 20)]
        made.append({"id": f"s{i}", "label": true, "score": 0.9, "scores": scores, "target": given})
    found = review(read_scores([run(made)], "test"), top=3)
    assert {one["id"] for one in found["mislabelled"]} == {f"s{i}" for i in range(20)}
    assert {one["suggested"] for one in found["mislabelled"]} == {"a", "not a"} and "joint" not in found


def test_a_label_that_training_never_had_is_left_out_and_said(run: MakeRun):
    made = rows(0, 30, 3)
    made[5]["target"] = "new"
    found = review(read_scores([run(made)], "test"), top=3)
    assert "s5" not in {one["id"] for one in found["mislabelled"]}
    assert found["notes"] == ["1 samples are left out: their label is of no class that the run knows."]


def test_what_cannot_be_reviewed_is_refused(run: MakeRun):
    good = run(rows(0, 9, 1))
    with pytest.raises(ConfigError, match=r"--split must be val or test, .*, got 'train'"):
        read_scores([good], "train")
    with pytest.raises(ConfigError, match="must be of the same data as a, got b"):
        read_scores([good, run(rows(0, 9, 1), "b", "other")], "test")
    with pytest.raises(ConfigError, match="scores classes, got predictions of id, caption, target from c"):
        read_scores([run([{"id": "s", "caption": "x", "target": "y"}], "c")], "test")
    with pytest.raises(ConfigError, match="must have labelled predictions, got none of d"):
        read_scores([run([{"id": "s", "scores": {"a": 1.0}}], "d")], "test")
    few = [{"id": f"s{i}", "label": n, "scores": {n: 0.6}, "target": n} for i, n in enumerate("ab")]
    with pytest.raises(ConfigError, match="all 2 classes or more, got only the best few"):
        read_scores([run(few, "e")], "test")
