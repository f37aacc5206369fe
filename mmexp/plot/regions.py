"""Draw predicted and true masks next to their image, and the IoU of each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmexp.plot.gallery import gallery

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 4  # columns between image and masks, in pixels of the image
WIDER = 1.5  # width of an image with its masks over that of an image
LEGEND = 0.4  # height of the legend, in inches
NAMED = 20  # classes in a legend


def regions(
    images: Sequence[np.ndarray], masks: Sequence[Sequence[np.ndarray]], titles: Sequence[str], classes: Sequence[str]
) -> Figure:
    """Draw each image with its masks to the right of it; what is no class stays white.

    Args:
        images: Each [H, W, 3].
        masks: Of each image: uint8 numbers of classes, each [H, W].
        titles: A text above each.
        classes: Their names.
    """
    from matplotlib.patches import Patch

    colours = palette(len(classes))
    tiles = [_side_by_side([image, *(colours[mask] for mask in row)]) for image, row in zip(images, masks, strict=True)]
    figure = gallery(tiles, titles)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width * WIDER, height * WIDER + LEGEND)
    shown = sorted({number for row in masks for mask in row for number in np.unique(mask) if number < len(classes)})
    patches = [Patch(color=colours[number] / 255, label=classes[number]) for number in shown[:NAMED]]
    figure.legend(handles=patches, loc="outside lower center", ncols=max(1, min(6, len(patches))), fontsize=8)
    return figure


def bars(values: Sequence[float], names: Sequence[str], label: str) -> Figure:
    """Draw one bar per class, the best on top; values in [0, 1], NaN is left out."""
    from matplotlib.figure import Figure

    order = [i for i in np.argsort(values) if not np.isnan(values[i])]
    figure = Figure(figsize=(5, 1 + 0.25 * len(order)), layout="constrained")
    axes = figure.subplots()
    drawn = axes.barh([names[i] for i in order], [values[i] for i in order])
    axes.bar_label(drawn, fmt="%.2f", fontsize=7)
    axes.set(xlim=(0, 1.08), xlabel=label)
    return figure


def palette(number: int) -> np.ndarray:
    """Return a colour per class, and white for all other numbers. uint8 [256, 3]"""
    from matplotlib import colormaps

    colours = np.full((256, 3), 255, np.uint8)
    wheel = colormaps["tab20"].resampled(20)(np.arange(20))[:, :3] * 255
    colours[:number] = wheel[np.arange(number) % 20]
    return colours


def _side_by_side(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Join images in a row with white between them."""
    gap = np.full((len(parts[0]), GAP, 3), 255, np.uint8)
    return np.concatenate([piece for part in parts for piece in (gap, part)][1:], 1)
