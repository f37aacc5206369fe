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
    order, areas = np.argsort(marks, axis=0, kind="stable"), len(classes)

    def area(c: int, weights: np.ndarray) -> np.ndarray:
        places = order[:, c]
        inside, own = weights[:, places] * is_true[places, c], weights[:, places]
        outside = own - inside
        starts = np.flatnonzero(np.diff(marks[places, c], prepend=-np.inf))  # of each run of equal scores
        positive, negative = (np.add.reduceat(one, starts, axis=1) for one in (inside, outside))
        below = np.cumsum(negative, axis=1) - negative
        pairs = inside.sum(1) * outside.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((positive * (below + negative / 2)).sum(1) / pairs)

    return lambda weights: np.nanmean([area(c, weights) for c in range(areas)], axis=0)
