"""Learning curves of the ways of each ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.curve import mean_curves
from mmexp.analysis.scale import spans_decades
from mmexp.plot.comparison.style import OTHER, colour, named, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Draw what was monitored and the losses by epoch, averaged over the runs of a way."""
    figures = {named(comparisons, "learning_curves", i): _figure(one) for i, one in enumerate(comparisons)}
    return {name: figure for name, figure in figures.items() if figure}


def _figure(comparison: Comparison) -> Figure | None:
    from matplotlib.figure import Figure

    found = [(way, mean_curves(way.group)) for way in comparison.ways]
    wanted = dict.fromkeys([comparison.ways[0].group.runs[0].monitor, "val/loss", "train/loss"])
    known = {key: [(way, own[key]) for way, own in found if len(own.get(key, ())) > 1] for key in wanted}
    known = {key: curves for key, curves in known.items() if curves}
    if not known:
        return None
    figure = Figure(figsize=(0.6 + 2.3 * len(known), 2.2), layout="constrained")
    for axes, (key, curves) in zip(figure.subplots(1, len(known), squeeze=False)[0], known.items(), strict=True):
        for way, points in reversed(curves):
            style = "--" if way.is_baseline else "-"
            is_named = way.is_baseline or colour(way, comparison) != OTHER
            text = plain(way.name) if is_named else None
            axes.plot(*zip(*points, strict=True), style, color=colour(way, comparison), linewidth=1, label=text)
        axes.set(xlabel="epoch", ylabel=plain(key))
        if spans_decades([value for _, points in curves for _, value in points]):
            axes.set_yscale("log")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right upper", frameon=False, fontsize=7)
    return figure
