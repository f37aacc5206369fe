from __future__ import annotations

import numpy as np
import torch

from mmexp.metric.auroc import area

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


def test_auroc_follows_from_scores(check):
    def measure(rows):
        scores = torch.tensor([list(row["scores"].values()) for row in rows], dtype=torch.float64)
        truth = torch.tensor([[row["target"] == name for name in CLASSES] for row in rows])
        return float(area(scores, truth))

    check("auroc", ROWS, measure)
