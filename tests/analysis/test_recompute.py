from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from mmexp.analysis.recompute import recompute
from mmexp.metric.auroc import area
from mmexp.metric.regression import pearson
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow

CLASSES = ["a", "b", "c"]
RNG = np.random.default_rng(0)
SCORES = RNG.dirichlet(np.ones(3), 60).round(2)
TRUTH = np.where(RNG.random(60) < 0.6, SCORES.argmax(1), RNG.integers(0, 3, 60))
LABELLED = [
    {
        "label": CLASSES[int(scores.argmax())],
        "target": CLASSES[int(target)],
        "scores": dict(zip(CLASSES, scores.tolist(), strict=True)),
    }
    for scores, target in zip(SCORES, TRUTH, strict=True)
]
NUMBERS = [{"prediction": float(x), "target": float(x + e)} for x, e in RNG.normal(size=(40, 2))]
SPOKEN = [{"text": "a b c d", "target": "a c d e"}, {"text": "", "target": "a b"}, {"text": "x y", "target": "x y"}]


def run(tmp_path, rows: list[dict[str, Any]], metric: str, value: float) -> RunRow:
    folder = RunFolder.create(tmp_path, "x")
    folder.predictions("test").parent.mkdir()
    lines = [json.dumps({"id": f"s{i:03}", **row}) + "\n" for i, row in enumerate(rows)]
    folder.predictions("test").write_text("".join(reversed(lines)))
    return RunRow(folder, "done", metrics={metric: value})


def f1(average: str) -> float:
    from torchmetrics.functional import f1_score

    preds = torch.tensor(SCORES.argmax(1))
    return float(f1_score(preds, torch.tensor(TRUTH), task="multiclass", num_classes=4, average=average))


@pytest.mark.parametrize(
    ("metric", "rows", "reported"),
    [
        ("accuracy", LABELLED, lambda: float((SCORES.argmax(1) == TRUTH).mean())),
        ("f1_macro", LABELLED, lambda: f1("macro")),
        ("f1_micro", LABELLED, lambda: f1("micro")),
        ("auroc", LABELLED, lambda: float(area(torch.tensor(SCORES), torch.tensor(np.eye(3)[TRUTH]).bool()))),
        ("mae", NUMBERS, lambda: float(np.mean([abs(one["prediction"] - one["target"]) for one in NUMBERS]))),
        ("pearson", NUMBERS, lambda: float(pearson(*torch.tensor([list(one.values()) for one in NUMBERS]).T))),
        ("wer", SPOKEN, lambda: 4 / 8),
    ],
)
def test_a_metric_follows_from_the_predictions_and_from_samples_that_count_twice(tmp_path, metric, rows, reported):
    found = recompute(run(tmp_path, rows, f"test/{metric}", reported()), f"test/{metric}")
    assert found is not None and found.ids[0] == "s000"
    assert found.value(np.ones((1, len(rows))))[0] == pytest.approx(reported(), abs=1e-6)
    drawn = np.sort(np.random.default_rng(1).integers(0, len(rows), len(rows)))
    again = [rows[i] for i in drawn]
    weights = np.bincount(drawn, minlength=len(rows))[None].astype(float)
    repeated = recompute(run(tmp_path, again, f"test/{metric}", float(found.value(weights)[0])), f"test/{metric}")
    assert repeated is not None  # as computed from a file in which samples stand twice


def test_a_metric_that_does_not_give_what_was_reported_is_not_used(tmp_path):
    assert recompute(run(tmp_path, LABELLED, "test/accuracy", 0.123), "test/accuracy") is None
    assert recompute(run(tmp_path, LABELLED, "test/bleu", 0.1), "test/bleu") is None
    assert recompute(run(tmp_path, NUMBERS, "test/auroc", 0.5), "test/auroc") is None
