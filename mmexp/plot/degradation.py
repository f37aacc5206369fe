"""Draw how a metric falls with what is done to the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Point = tuple[float, float, float | None, float | None]
"""Severity, metric, and the ends of its interval."""
COLUMNS, WIDTH, HEIGHT = 3, 3.4, 2.6  # panels in a row; inches of each


def degradation(panels: Mapping[str, Mapping[str, Sequence[Point]]], metric: str, severity: str) -> Figure:
    """Draw a panel each with a line per name, and its interval as a band.

    Args:
        panels: Points by name of the line, by title of the panel; at least one.
        metric: Label of the vertical axis, which all panels share.
        severity: Label of the horizontal axes.
    """
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False, sharey=True).flat)
    for axes, (title, lines) in zip(places, panels.items(), strict=False):
        for name, points in lines.items():
            x, y, low, high = zip(*points, strict=True)
            (line,) = axes.plot(x, y, marker="o", markersize=3, label=name)
            if None not in (*low, *high):
                axes.fill_between(x, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
        axes.set_title(title, fontsize=9, parse_math=False)
        axes.set_xlabel(severity, fontsize=8, parse_math=False)
        legend = axes.legend(fontsize=7)
        for text in legend.get_texts():
            text.set_parse_math(False)
    for axes in places[len(panels) :]:
        axes.set_axis_off()
    for axes in places[:: max(columns, 1)]:
        axes.set_ylabel(metric, fontsize=8, parse_math=False)
    return figure
