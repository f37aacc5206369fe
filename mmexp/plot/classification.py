"""How right a classifier is: which classes it takes for which, and whether its confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

READABLE = 25  # classes whose names and counts can still be read
BINS = 10


def confusion(targets: Sequence[object], answers: Sequence[object], classes: Sequence[object]) -> Figure:
    """Confusion matrix: a row per class, the share of its samples by answer, with their number."""
    from matplotlib.figure import Figure

    places = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), int)
    for target, answer in zip(targets, answers, strict=True):
        if target in places and answer in places:
            counts[places[target], places[answer]] += 1
    side = 3 + 0.35 * min(len(classes), READABLE)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts / counts.sum(1, keepdims=True).clip(1), cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="answer", ylabel="target")
    if len(classes) <= READABLE:
        names = [str(name) for name in classes]
        axes.set_xticks(range(len(names)), names, rotation=90)
        axes.set_yticks(range(len(names)), names)
        for row, column in zip(*np.nonzero(counts), strict=True):
            shade = "white" if counts[row, column] > counts[row].sum() / 2 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=shade, fontsize=7)
    return figure


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> Figure:
    """Reliability diagram: the accuracy of answers by their confidence; on the diagonal it can be trusted.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", https://arxiv.org/abs/1706.04599, fig. 1.
    """
    from matplotlib.figure import Figure

    sure, hits = np.asarray(confidences, float), np.asarray(right, float)
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    for place in np.unique(places):
        inside = places == place
        height, share = hits[inside].mean(), inside.mean()
        axes.bar((place + 0.5) / BINS, height, width=0.9 / BINS, color="tab:blue", alpha=0.3 + 0.7 * share)
        axes.text((place + 0.5) / BINS, height, str(inside.sum()), ha="center", va="bottom", fontsize=7)
    axes.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="confidence", ylabel="accuracy")
    return figure
