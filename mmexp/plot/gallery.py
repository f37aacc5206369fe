"""Draw images side by side, with a text above each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
SIDE = 3.0  # width of an image, in inches
FLATTEST, TALLEST = 0.5, 1.5  # height of a row over its width
LINE, GAP = 0.15, 0.1  # height of a line of text and of the space between rows, in inches
LETTERS, LINES = 44, 2  # of each line of a title


def gallery(
    images: Sequence[np.ndarray], titles: Sequence[str], decorate: Callable[[Axes, int], None] | None = None
) -> Figure:
    """Draw images in rows of COLUMNS.

    Args:
        images: Each [H, W] or [H, W, 3].
        titles: A text above each.
        decorate: Draws more onto image i, such as boxes.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    columns = max(1, min(COLUMNS, len(images)))
    rows = max(1, -(-len(images) // columns))
    texts = [_folded(title) for title in titles]
    height = SIDE * _ratio(images) + LINE * max((text.count("\n") + 1 for text in texts), default=0) + GAP
    spacing = ConstrainedLayoutEngine(h_pad=GAP / 2)
    figure = Figure(figsize=(SIDE * columns, height * rows), layout=spacing)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in panels:
        panel.set_axis_off()
    for i, (image, text) in enumerate(zip(images, texts, strict=True)):
        axes = panels[i]
        axes.imshow(image, cmap="gray" if image.ndim == 2 else None)
        axes.set_title(text, fontsize=8, parse_math=False)
        if decorate:
            decorate(axes, i)
    return figure


def _ratio(images: Sequence[np.ndarray]) -> float:
    """Return the height of a row over its width, such that most images fill it."""
    ratios = [image.shape[0] / image.shape[1] for image in images]
    return float(np.clip(np.median(ratios), FLATTEST, TALLEST)) if ratios else 1.0


def _folded(title: str) -> str:
    """Break a text into lines as wide as an image."""
    lines = [shorten(line, LETTERS * LINES, placeholder=" ...") for line in title.splitlines()]
    return "\n".join(part for line in lines for part in wrap(line, LETTERS))
