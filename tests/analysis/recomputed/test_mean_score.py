from __future__ import annotations

import numpy as np

ROWS = [{"prediction": float(x), "target": float(x + e)} for x, e in np.random.default_rng(0).normal(size=(40, 2))]
LABELS = [{"label": a, "target": b} for a, b in zip("abcabcabca", "abbabbaccc", strict=True)]


def test_means_of_the_scores_of_samples_follow_from_them(check):
    check("mae", ROWS, lambda rows: float(np.mean([abs(row["prediction"] - row["target"]) for row in rows])))
    check("accuracy", LABELS, lambda rows: float(np.mean([row["label"] == row["target"] for row in rows])))
