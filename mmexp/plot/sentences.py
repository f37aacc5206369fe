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

Told = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""Words, the tags answered, and the true ones; empty where they are not known."""


def sentences(told: Sequence[Told], types: Sequence[str]) -> Figure:
    """Colour the entities of each sentence by type: behind the words as answered, below them as they truly are.

    Args:
        told: The sentences.
        types: Those that have a colour.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    colours = {kind: colormaps["tab10"](i % 10) for i, kind in enumerate(types)}
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    line = 0
    for words, answer, target in told:
        places = list(_places(words, line))
        for (x, y), word in zip(places, words, strict=True):
            axes.text(x, y, word, family="monospace", fontsize=SIZE, va="center", parse_math=False)
        _colour(axes, places, words, answer, colours, {"top": -0.35, "height": 0.7, "alpha": 0.35})
        _colour(axes, places, words, target, colours, {"top": 0.37, "height": 0.13, "alpha": 1.0})
        line = int(places[-1][1]) + 1 if places else line
    axes.set_axis_off()
    axes.set(xlim=(0, LETTERS), ylim=(line, -1))
    figure.set_size_inches(LETTERS * 0.6 * SIZE / 72, (line + 2) * LINE)
    handles = [Patch(color=colour, label=kind) for kind, colour in colours.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=8, fontsize=SIZE, frameon=False)
    return figure


def _places(words: Sequence[str], line: float) -> Iterator[tuple[float, float]]:
    """Where each word begins, in letters, and its line."""
    x = 0.0
    for word in words:
        if x and x + len(word) > LETTERS:
            x, line = 0.0, line + 1
        yield x, line
        x += len(word) + 1


def _colour(
    axes: Axes,
    places: Sequence[tuple[float, float]],
    words: Sequence[str],
    tags: Sequence[str],
    colours: Mapping[str, Any],
    bar: Mapping[str, float],
) -> None:
    """Lay a bar on each word of an entity, joined to the word before if that belongs to it."""
    from matplotlib.patches import Rectangle

    for (x, y), word, tag in zip(places, words, tags, strict=False):
        if tag[2:] in colours:
            joined = 1 if tag.startswith("I-") and x else 0
            corner = (x - joined, y + bar["top"])
            size = (len(word) + joined, bar["height"])
            axes.add_patch(Rectangle(corner, *size, color=colours[tag[2:]], alpha=bar["alpha"], linewidth=0))
