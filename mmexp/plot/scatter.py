"""Draw predicted against true numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scatter(targets: Sequence[float], preds: Sequence[float]) -> Figure:
    """Draw a point per sample; on the diagonal the prediction is right, and a flat cloud has learnt the mean alone."""
    from matplotlib.figure import Figure

    true, given = np.asarray(targets, float), np.asarray(preds, float)
    ends = [min(true.min(), given.min()), max(true.max(), given.max())]
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(ends, ends, color="gray", linestyle="--", linewidth=1)
    axes.margins(0.08)
    axes.scatter(true, given, s=12, alpha=0.5, linewidths=0)
    axes.set(xlabel="target", ylabel="prediction", aspect="equal")
    axes.set_title(f"n={len(true)}, mean absolute error {np.abs(true - given).mean():.3g}", fontsize=9)
    return figure
