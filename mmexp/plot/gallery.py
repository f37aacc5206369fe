"""Images side by side, with words under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
SIDE = 3.0  # inches
LETTERS, LINES = 44, 2  # of each line of a title


def gallery(
    images: Sequence[np.ndarray], titles: Sequence[str], decorate: Callable[[Axes, int], None] | None = None
) -> Figure:
    """Show images in rows of COLUMNS.

    Args:
        images: Each [H, W] or [H, W, 3].
        titles: A text under each.
        decorate: Draws more onto image i, such as boxes.
    """
    from matplotlib.figure import Figure

    columns = max(1, min(COLUMNS, len(images)))
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(SIDE * columns, (SIDE + 0.7) * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for place in places:
        place.set_axis_off()
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        axes = places[i]
        axes.imshow(image, cmap="gray" if image.ndim == 2 else None)
        axes.set_title(_folded(title), y=-0.02, va="top", fontsize=8)
        if decorate:
            decorate(axes, i)
    return figure


def _folded(title: str) -> str:
    """Lines that fit under an image."""
    lines = [shorten(line, LETTERS * LINES, placeholder=" ...") for line in title.splitlines()]
    return "\n".join(part for line in lines for part in wrap(line, LETTERS))
