"""Draw recommendations next to the history and the next item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = 34  # of a name
LINES = 10  # of a list
GROUPS = 10  # of targets, by how common they are
COLUMN, LINE = 2.7, 0.19  # inches


def recommendations(rows: Sequence[Mapping[str, Any]], histories: Sequence[Sequence[str]]) -> Figure:
    """Draw a column per sample: the last items of its history, the list, the right one in green, and its rank.

    Args:
        rows: With ``items``, ``target`` and ``rank``.
        histories: Of each, the oldest first.
    """
    from matplotlib.figure import Figure

    lines = 2 * LINES + 5
    figure = Figure(figsize=(COLUMN * len(rows), LINE * lines), layout="constrained")
    for axes, row, history in zip(figure.subplots(1, len(rows), squeeze=False)[0], rows, histories, strict=True):
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(lines, 0))
        shown = history[-LINES:]
        _list(axes, LINES - len(shown), "history", shown)
        _list(axes, LINES + 1.5, "may like", row["items"], row["target"])
        _list(axes, 2 * LINES + 3, f"next item (rank {row['rank']})", [row["target"]], row["target"])
    return figure


def _list(axes: Axes, top: float, title: str, names: Sequence[str], right: str = "") -> None:
    """Names below a title, the right one in green."""
    axes.text(0, top + 0.5, title, fontsize=7, weight="bold", va="center")
    for line, name in enumerate(names, 1):
        shown, colour = shorten(name, LETTERS, placeholder=" ..."), "tab:green" if name == right else "black"
        axes.text(0.02, top + 0.5 + line, shown, fontsize=7, va="center", color=colour, parse_math=False)


def by_popularity(rows: Sequence[Mapping[str, Any]], counts: Mapping[str, float]) -> Figure:
    """Recall within the list, from the rarest tenth of the targets to the most frequent, and by popularity.

    Args:
        rows: With ``items``, ``target``, ``rank`` and ``popularity_rank``.
        counts: How often each item occurs in training.
    """
    from matplotlib.figure import Figure

    ordered = sorted(rows, key=lambda row: counts.get(row["target"], 0))
    groups = [[ordered[i] for i in part] for part in np.array_split(np.arange(len(rows)), min(GROUPS, len(rows)))]
    listed = len(rows[0]["items"])
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, key, offset in (("recommended", "rank", -0.2), ("the most popular", "popularity_rank", 0.2)):
        recalls = [np.mean([row[key] <= listed for row in group]) for group in groups]
        axes.bar(np.arange(len(groups)) + offset, recalls, 0.4, label=name, alpha=0.8)
    ends = [[counts.get(group[end]["target"], 0) for end in (0, -1)] for group in groups]
    axes.set_xticks(range(len(groups)), [f"{low:.0f}-{high:.0f}" for low, high in ends], fontsize=7, rotation=30)
    axes.set(xlabel="occurrences in training, by tenths of the targets", ylabel=f"recall at {listed}")
    figure.legend(loc="outside upper left", ncols=2, fontsize=8, frameon=False)
    return figure
