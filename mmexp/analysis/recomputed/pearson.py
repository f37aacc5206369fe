"""Pearson's correlation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmexp.analysis.recompute import Metric, Row, Weights
from mmexp.run.summary import RunRow


def follow(name: str, rows: Sequence[Row], run: RunRow) -> Metric | None:
    """Return ``pearson``."""
    if name != "pearson":
        return None
    x, y = (np.array([float(row[key]) for row in rows]) for key in ("prediction", "target"))
    x, y = x - x.mean(), y - y.mean()

    def value(weights: Weights) -> np.ndarray:
        total = weights.sum(-1)
        mx, my, xx, yy, xy = ((weights @ one) / total for one in (x, y, x * x, y * y, x * y))
        return np.asarray((xy - mx * my) / np.sqrt((xx - mx * mx) * (yy - my * my)))

    return value
