"""Draw the confusions and the calibration of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

READABLE = 25  # classes whose names and counts can still be read; of more, evenly spaced ones are named
LETTERS = 24  # of a name
BINS = 10


def confusion(targets: Sequence[object], preds: Sequence[object], classes: Sequence[object]) -> Figure:
    """Draw the confusion matrix: a row per class, the fraction of its samples by prediction, with their number."""
    from matplotlib.figure import Figure

    positions = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), int)
    for target, pred in zip(targets, preds, strict=True):
        if target in positions and pred in positions:
            counts[positions[target], positions[pred]] += 1
    side = 3 + 0.35 * min(len(classes), READABLE)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    drawn = axes.imshow(counts / counts.sum(1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(drawn, ax=axes, shrink=0.6, label="fraction of the class")
    axes.set(xlabel="prediction", ylabel="target")
    named = range(0, len(classes), max(1, -(-len(classes) // READABLE)))
    names = [shorten(str(classes[i]), LETTERS, placeholder=" ...") for i in named]
    axes.set_xticks(named, names, rotation=90)
    axes.set_yticks(named, names)
    if len(classes) <= READABLE:
        for row, column in zip(*np.nonzero(counts), strict=True):
            shade = "white" if counts[row, column] > counts[row].sum() / 2 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=shade, fontsize=7)
    return figure


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> Figure:
    """Draw the reliability diagram: accuracy of predictions by confidence; on the diagonal it is calibrated.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599, fig. 1.
    """
    from matplotlib.figure import Figure

    sure, hits = np.asarray(confidences, float), np.asarray(right, float)
    positions = np.minimum((sure * BINS).astype(int), BINS - 1)
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    for position in np.unique(positions):
        inside = positions == position
        height, fraction = hits[inside].mean(), inside.mean()
        axes.bar((position + 0.5) / BINS, height, width=0.9 / BINS, color="tab:blue", alpha=0.3 + 0.7 * fraction)
        axes.text((position + 0.5) / BINS, height, str(inside.sum()), ha="center", va="bottom", fontsize=7)
    axes.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="confidence", ylabel="accuracy")
    return figure
