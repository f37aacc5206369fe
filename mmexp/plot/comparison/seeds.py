"""Seeds as dots with the interval of their mean, and the difference of each fusion to its best single input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.level import level
from mmexp.plot.comparison.style import BASELINE, colour, label_rows, named, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.16  # inches


def draw(comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Draw the runs of each way, and the margins where there are baselines."""
    return {named(comparisons, "seeds", i): _figure(one) for i, one in enumerate(comparisons) if one.scored}


def _figure(comparison: Comparison) -> Figure:
    from matplotlib.figure import Figure

    compared = [way for way in comparison.ways if way.verdict and way.verdict.margin]
    columns = 2 if compared else 1
    height = 0.6 + _ROW * len(comparison.drawn)
    figure = Figure(figsize=(0.4 + 3.3 * columns, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    _levels(axes[0], comparison)
    if compared:
        _margins(axes[1], comparison)
    return figure


def _levels(axes: Axes, comparison: Comparison) -> None:
    metric = comparison.ranking.metric
    ways = sorted((way for way, _ in comparison.drawn), key=lambda way: way.position)
    for row, way in enumerate(ways):
        shade, score, found = colour(way, comparison), way.group.score(metric), level(way.group, metric)
        values = [value for value in score.values if value is not None]
        if found and found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [row, row], color=shade, linewidth=1)
        axes.scatter(values, [row] * len(values), color=shade, s=7, alpha=0.6, linewidths=0)
        axes.plot([score.mean or 0.0], [row], "|", color=shade, markersize=7, markeredgewidth=1.6)
    if single := comparison.best_single:
        axes.axvline(single[1], color=BASELINE, linewidth=0.8, linestyle="--", zorder=0)
    label_rows(axes, [way.name for way in ways])
    axes.set_xlabel(plain(metric))


def _margins(axes: Axes, comparison: Comparison) -> None:
    found = [(way, way.verdict, way.verdict.margin) for way in comparison.ways if way.verdict and way.verdict.margin]
    axes.axvline(0, color=BASELINE, linewidth=0.8, zorder=0)
    for row, (way, verdict, margin) in enumerate(found):
        shade = colour(way, comparison)
        if margin.low is not None and margin.high is not None:
            axes.plot([margin.low, margin.high], [row, row], color=shade, linewidth=1)
        face = shade if verdict.is_better else "white"
        axes.plot([margin.mean], [row], "o", color=shade, markerfacecolor=face, markersize=4)
    label_rows(axes, [way.name_in_margins for way, _, _ in found])
    axes.set_xlabel(f"difference of {plain(comparison.ranking.metric)}\nto the best single input, positive is better")
