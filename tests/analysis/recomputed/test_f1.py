from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional import f1_score

CLASSES = ["a", "b", "c"]
DRAW = np.random.default_rng(0)
SCORES = DRAW.dirichlet(np.ones(3), 60).round(2)
TRUTH = np.where(DRAW.random(60) < 0.6, SCORES.argmax(1), DRAW.integers(0, 3, 60))
ROWS = [
    {
        "label": CLASSES[int(scores.argmax())],
        "target": CLASSES[int(target)],
        "scores": dict(zip(CLASSES, scores.tolist(), strict=True)),
    }
    for scores, target in zip(SCORES, TRUTH, strict=True)
]


@pytest.mark.parametrize(("metric", "average"), [("f1", "macro"), ("f1_macro", "macro"), ("f1_micro", "micro")])
def test_f1_follows_from_labels(check, metric, average):
    def measure(rows):
        preds, target = (torch.tensor([CLASSES.index(row[key]) for row in rows]) for key in ("label", "target"))
        return float(f1_score(preds, target, task="multiclass", num_classes=4, average=average))

    check(metric, ROWS, measure)
