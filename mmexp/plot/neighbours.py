"""What was found, the nearest first."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill, shorten
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE = 2.0  # inches
LETTERS, WIDTH = 120, 24  # of a text, and of its lines


class Found(NamedTuple):
    """One candidate that was retrieved.

    Args:
        inputs: By modality.
        right: Whether it was to be found.
        score: How near it is.
    """

    inputs: Sequence[Any]
    right: bool
    score: float


def neighbours(queries: Sequence[Sequence[Any]], found: Sequence[Sequence[Found]]) -> Figure:
    """A row per query: first itself, then what was found, the right ones in green.

    Args:
        queries: Of each the values of its modalities: images and texts are shown, others are not.
        found: Of each what is nearest to it.
    """
    from matplotlib.figure import Figure

    columns = 1 + max(map(len, found))
    figure = Figure(figsize=(SIDE * columns, (SIDE + 0.2) * len(queries)), layout="constrained")
    grid = figure.subplots(len(queries), columns, squeeze=False)
    for row, query, others in zip(grid, queries, found, strict=True):
        for axes in row:
            axes.set(xticks=[], yticks=[])
        _show(row[0], query)
        row[0].set_title("query", fontsize=8)
        for axes, one in zip(row[1:], others, strict=False):
            _show(axes, one.inputs)
            axes.set_title(f"{one.score:.2f}", fontsize=8)
            axes.spines[:].set(color="tab:green" if one.right else "lightgray", linewidth=3)
    return figure


def _show(axes: Axes, inputs: Sequence[Any]) -> None:
    """An image if there is one, else a text; of a list of texts the first."""
    values = [value[0] if isinstance(value, list) and value else value for value in inputs]
    image = next((value for value in values if isinstance(value, np.ndarray) and value.ndim == 3), None)
    if image is not None:
        axes.imshow(image)
        return
    text = " / ".join(value if isinstance(value, str) else "(not shown)" for value in values)
    axes.text(0.5, 0.5, fill(shorten(text, LETTERS), WIDTH), ha="center", va="center", fontsize=7)
