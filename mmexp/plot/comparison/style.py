"""What the figures of a paper share: small type, no colour that print loses, text that stays text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmexp.analysis.comparison import Comparison, Way
from mmexp.analysis.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Of the best fusions: Okabe and Ito 2008, which the colour-blind distinguish."""
OTHER, BASELINE = "#b0b7be", "#000000"
SETTINGS: dict[Any, Any] = {
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "savefig.dpi": 300,
}
"""Of matplotlib, while figures are made and written."""


def colour(way: Way, comparison: Comparison) -> str:
    """Return the colour of a way: its own for the best fusions, black for baselines, grey for all others."""
    if way.is_baseline:
        return BASELINE
    place = sum(not other.is_baseline for other in comparison.ways[: way.position])
    return COLOURS[place] if place < len(COLOURS) else OTHER


def named(comparisons: Sequence[Comparison], name: str, position: int) -> str:
    """Return the name of a figure; numbered where there are several rankings."""
    return f"{name}-{position + 1}" if len(comparisons) > 1 else name


def label_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name rows from the top, without mathematics in the names."""
    axes.set_yticks(range(len(names)), [printable(name) for name in names], parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def plain(text: str) -> str:
    """Return a text in which matplotlib reads no mathematics."""
    return printable(text).replace("$", r"\$")
