"""Quality against cost, with the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.pareto import front
from mmexp.analysis.scale import spans_decades
from mmexp.plot.comparison.style import BASELINE, colour, named, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COSTS = {"seconds": "training time, s", "parameters": "weights"}
_SIZE, _APART = 7.0, 3.0  # points: of a name, and between it and its point


def draw(comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Draw a panel per cost that is known and differs."""
    figures = {named(comparisons, "cost", i): _figure(one) for i, one in enumerate(comparisons)}
    return {name: figure for name, figure in figures.items() if figure}


def _figure(comparison: Comparison) -> Figure | None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    known = {
        name: [(way, cost, mean) for way, mean in comparison.drawn if (cost := way.group.average(name)) is not None]
        for name in _COSTS
    }
    known = {name: points for name, points in known.items() if len({cost for _, cost, _ in points}) > 1}
    if not known:
        return None
    figure = Figure(figsize=(0.3 + 3.1 * len(known), 2.5), layout="constrained")
    for axes, (kind, points) in zip(figure.subplots(1, len(known), squeeze=False)[0], known.items(), strict=True):
        costs, means = [cost for _, cost, _ in points], [mean for _, _, mean in points]
        best = front(costs, means, comparison.ranking.mode)
        axes.plot([costs[i] for i in best], [means[i] for i in best], color="#808890", linewidth=0.8, zorder=1)
        axes.scatter(costs, means, c=[colour(way, comparison) for way, _, _ in points], s=16, linewidths=0, zorder=2)
        if single := comparison.best_single:
            axes.axhline(single[1], color=BASELINE, linewidth=0.8, linestyle="--", zorder=0)
        axes.set(xlabel=_COSTS[kind], ylabel=plain(comparison.ranking.metric))
        axes.margins(0.12)
        if spans_decades(costs):
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        _name(axes, [(plain(points[i][0].name), costs[i], means[i]) for i in best])
    return figure


def _name(axes: Axes, points: Sequence[tuple[str, float, float]]) -> None:
    """Write a name at each point, from the top, and further down where it would cover one above."""
    written: list[tuple[float, float, float]] = []
    for name, cost, mean in sorted(points, key=lambda point: -point[2]):
        x, y = axes.transData.transform((cost, mean)) * 72 / axes.figure.dpi
        width, moved = len(name) * _SIZE * 0.6, 0.0
        while any(abs(y - moved - row) < _SIZE and x < right and left < x + width for left, right, row in written):
            moved += 1.0
        written.append((x, x + width, y - moved))
        axes.annotate(name, (cost, mean), (_APART, _APART - moved), textcoords="offset points", fontsize=_SIZE)
