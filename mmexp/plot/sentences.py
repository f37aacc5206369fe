"""Sentences with what was found in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = 100  # of a line
SIZE = 9.0  # points; letters of a typewriter are 0.6 of that wide
LINE = 0.3  # inches

Tagged = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""Words, the predicted tags, and the true ones; empty where they are not known."""


def sentences(tagged: Sequence[Tagged], types: Sequence[str]) -> Figure:
    """Colour the entities of each sentence by type: predicted ones behind the words, true ones below them.

    Args:
        tagged: The sentences.
        types: Those that have a colour.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    colours = {kind: colormaps["tab10"](i % 10) for i, kind in enumerate(types)}
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    line = 0
    for words, pred, target in tagged:
        positions = list(_positions(words, line))
        for (x, y), word in zip(positions, words, strict=True):
            axes.text(x, y, word, family="monospace", fontsize=SIZE, va="center", parse_math=False)
        _colour(axes, positions, words, pred, colours, {"top": -0.35, "height": 0.7, "alpha": 0.35})
        _colour(axes, positions, words, target, colours, {"top": 0.37, "height": 0.13, "alpha": 1.0})
        line = int(positions[-1][1]) + 1 if positions else line
    axes.set_axis_off()
    axes.set(xlim=(0, LETTERS), ylim=(line, -1))
    figure.set_size_inches(LETTERS * 0.6 * SIZE / 72, (line + 2) * LINE)
    handles = [Patch(color=colour, label=kind) for kind, colour in colours.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=8, fontsize=SIZE, frameon=False)
    return figure


def _positions(words: Sequence[str], line: float) -> Iterator[tuple[float, float]]:
    """Where each word begins, in letters, and its line."""
    x = 0.0
    for word in words:
        if x and x + len(word) > LETTERS:
            x, line = 0.0, line + 1
        yield x, line
        x += len(word) + 1


def _colour(
    axes: Axes,
    positions: Sequence[tuple[float, float]],
    words: Sequence[str],
    tags: Sequence[str],
    colours: Mapping[str, Any],
    bar: Mapping[str, float],
) -> None:
    """Lay a bar on each word of an entity, joined to the word before if that belongs to it."""
    from matplotlib.patches import Rectangle

    for (x, y), word, tag in zip(positions, words, tags, strict=False):
        if tag[2:] in colours:
            joined = 1 if tag.startswith("I-") and x else 0
            corner = (x - joined, y + bar["top"])
            size = (len(word) + joined, bar["height"])
            axes.add_patch(Rectangle(corner, *size, color=colours[tag[2:]], alpha=bar["alpha"], linewidth=0))
