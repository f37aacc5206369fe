"""Accuracy and mean absolute error: means of a score of each sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.predictions import accuracy, mae
from mmexp.analysis.recompute import Metric, Row
from mmexp.run.summary import RunRow


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``accuracy`` or ``mae``."""
    score = {"accuracy": accuracy, "mae": mae}.get(name)
    if score is None:
        return None
    values = np.array([score(row) for row in rows])
    return lambda weights: weights @ values / weights.sum(-1)
