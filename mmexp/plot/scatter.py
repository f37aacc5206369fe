"""Numbers against what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scatter(targets: Sequence[float], answers: Sequence[float]) -> Figure:
    """A point per sample; on the diagonal the answer is right, and a flat cloud has learnt the mean alone."""
    from matplotlib.figure import Figure

    wanted, given = np.asarray(targets, float), np.asarray(answers, float)
    ends = [min(wanted.min(), given.min()), max(wanted.max(), given.max())]
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(ends, ends, color="gray", linestyle="--", linewidth=1)
    axes.scatter(wanted, given, s=12, alpha=0.5, linewidths=0)
    axes.set(xlabel="target", ylabel="answer", aspect="equal")
    axes.set_title(f"{len(wanted)} samples, mean absolute error {np.abs(wanted - given).mean():.3g}", fontsize=9)
    return figure
