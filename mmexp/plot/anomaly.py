"""How far the scores of anomalies lie from those of normal samples, and what a threshold costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from mmexp.metric.anomaly import operating_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 40
FAR = 99.5  # percentile beyond which scores fall into the last bin


def histogram(scores: Sequence[float], targets: Sequence[bool], threshold: float) -> Figure:
    """Share of the normal and of the anomalous samples by score, with the threshold; far outliers in the last bin."""
    from matplotlib.figure import Figure

    values, wrong = np.asarray(scores, float), np.asarray(targets, bool)
    far = max(threshold, float(np.percentile(values, FAR)))
    edges = np.linspace(min(float(values.min()), threshold), far + 1e-6, BINS + 1)
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, colour, chosen in (("normal", "tab:blue", ~wrong), ("anomaly", "tab:red", wrong)):
        own = values[chosen].clip(max=far)
        weights = np.full(len(own), 1 / max(1, len(own)))
        axes.hist(own, edges.tolist(), weights=weights, color=colour, alpha=0.55, label=f"{name}, {len(own)}")
    axes.axvline(threshold, color="gray", linestyle="--", linewidth=1)
    axes.set(xlabel="score", ylabel="fraction of samples")
    axes.legend(fontsize=8, frameon=False)
    return figure


def roc(scores: Sequence[float], targets: Sequence[bool], threshold: float) -> Figure:
    """Draw the ROC curve: recall of anomalies by false alarm rate; the threshold is marked."""
    from matplotlib.figure import Figure

    values, wrong = torch.tensor(scores, dtype=torch.double), torch.tensor(targets, dtype=torch.bool)
    points = operating_points(values, wrong)
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    axes.plot([0, *points.false_alarms.tolist()], [0, *points.recall.tolist()], color="tab:blue")
    alarms = values > threshold
    here = [float(alarms[chosen].double().mean()) for chosen in (~wrong, wrong)]
    axes.plot(*here, "o", color="tab:red", label=f"score above {threshold:g}: {here[1]:.0%} found, {here[0]:.1%} false")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="false alarms", ylabel="recall", aspect="equal")
    axes.legend(fontsize=7, loc="lower right", frameon=False)
    return figure
