"""The critical-difference diagram of fusions over several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.analysis.comparison import Comparison
from mmexp.analysis.ranks import Ranks, cliques, rank_over_rankings
from mmexp.plot.comparison.style import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW, _BAR = 1.0, 0.45  # of names and of bars, in units of the vertical axis


def draw(comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Draw average ranks; bars join fusions that are not shown to differ.

    Source: Demsar 2006, "Statistical Comparisons of Classifiers over Multiple Data Sets",
    https://jmlr.org/papers/v7/demsar06a.html, figure 1.

    Args:
        comparisons: One per data set.
    """
    found = rank_over_rankings([one.ranking for one in comparisons]) if len(comparisons) > 1 else None
    return {"critical_difference": _figure(found)} if found else {}


def _figure(found: Ranks) -> Figure:
    from matplotlib.figure import Figure

    joined, number = cliques(found), len(found.ranks)
    low = 0.6 + _BAR * len(joined)
    depth = low + -(-number // 2) * _ROW
    figure = Figure(figsize=(6.5, 0.16 * depth + 0.55), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(1 - 0.35 * number, number + 0.35 * number), ylim=(depth, -2.6))
    axes.set_axis_off()
    axes.plot([1, number], [0, 0], "k", linewidth=0.8)
    for rank in range(1, number + 1):
        axes.plot([rank, rank], [0, -0.4], "k", linewidth=0.8)
        if number <= 15 or rank % 5 == 0 or rank == 1:
            axes.text(rank, -0.6, str(rank), ha="center", va="bottom")
    axes.plot([1, min(1 + found.critical, number)], [-2.1, -2.1], "k", linewidth=1.5)
    axes.text(1, -2.25, f"CD = {found.critical:.2f}", va="bottom")
    for row, members in enumerate(joined):
        ends = [found.ranks[one] for one in (members[0], members[-1])]
        axes.plot([ends[0] - 0.04, ends[1] + 0.04], [0.5 + _BAR * row] * 2, "k", linewidth=2.2)
    _names(axes, found, low)
    return figure


def _names(axes: Axes, found: Ranks, low: float) -> None:
    """Name the better half on the left, the other on the right, each on the stem of its rank."""
    number = len(found.ranks)
    half = -(-number // 2)
    for place, (name, rank) in enumerate(found.ranks.items()):
        is_left = place < half
        y = low + (place if is_left else number - 1 - place) * _ROW + 0.3
        edge = 0.9 if is_left else number + 0.1
        axes.plot([rank, rank, edge], [0, y, y], color="#606870", linewidth=0.6)
        shown = plain("best single input" if name == "none" else name)
        text = f"{shown}  {rank:.2f}" if is_left else f"{rank:.2f}  {shown}"
        axes.text(edge + (-0.1 if is_left else 0.1), y, text, ha="right" if is_left else "left", va="center")
