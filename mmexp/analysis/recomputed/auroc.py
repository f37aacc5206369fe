"""Area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.predictions import labels
from mmexp.analysis.recompute import Metric, Row
from mmexp.run.summary import RunRow


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``auroc``: the mean over the classes that have samples inside and outside."""
    if name != "auroc":
        return None
    classes = sorted({name for row in rows for name in row["scores"]})
    marks = np.array([[row["scores"][name] for name in classes] for row in rows])
    truth = [{str(one) for one in labels(row["target"])} for row in rows]
    is_true = np.array([[name in own for name in classes] for own in truth], float)
    columns = range(len(classes))

    def value(weights: np.ndarray) -> np.ndarray:
        return np.asarray(np.nanmean([area_under(marks[:, c], is_true[:, c], weights) for c in columns], axis=0))

    return value


def area_under(scores: np.ndarray, is_true: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve of scores; equal ones count half. [N], [N], [B, N] -> [B]"""
    places = np.argsort(scores, kind="stable")
    own = weights[:, places]
    inside = own * is_true[places]
    starts = np.flatnonzero(np.diff(scores[places], prepend=-np.inf))  # of each run of equal scores
    positive, negative = (np.add.reduceat(one, starts, axis=1) for one in (inside, own - inside))
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(1) * negative.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((positive * (below + negative / 2)).sum(1) / pairs)
