"""Draw predicted and true boxes on images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmexp.plot.gallery import gallery
from mmexp.plot.regions import palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Boxes:
    """What is drawn on one image. Each box is [x, y, w, h], in pixels.

    Args:
        predicted: Boxes of the model.
        categories: Of each.
        scores: Of each.
        true: Boxes of what is there.
    """

    predicted: Sequence[Sequence[float]]
    categories: Sequence[str]
    scores: Sequence[float]
    true: Sequence[Sequence[float]]


def outlined(
    images: Sequence[np.ndarray], boxes: Sequence[Boxes], titles: Sequence[str], classes: Sequence[str]
) -> Figure:
    """Draw images with predicted boxes in the colour of their class, and true ones dashed in white.

    Args:
        images: Each [H, W, 3].
        boxes: Of each image.
        titles: A text under each.
        classes: All categories.
    """
    wheel = palette(len(classes)) / 255
    colours = {name: tuple(wheel[number]) for number, name in enumerate(classes)}

    def decorate(axes: Axes, i: int) -> None:
        own = boxes[i]
        for box in own.true:
            _frame(axes, box, (1, 1, 1), "--")
        for box, name, score in zip(own.predicted, own.categories, own.scores, strict=True):
            _frame(axes, box, colours[name], "-")
            label = {"facecolor": colours[name], "edgecolor": "none", "pad": 0.5}
            words = f"{name} {score:.2f}"
            axes.text(box[0], box[1], words, fontsize=6, color="white", va="bottom", bbox=label, clip_on=True)

    return gallery(images, titles, decorate)


def _frame(axes: Axes, box: Sequence[float], colour: tuple[float, ...], style: str) -> None:
    from matplotlib.patches import Rectangle

    corner = box[0] - 0.5, box[1] - 0.5  # pixel 0 reaches from -0.5 to 0.5
    axes.add_patch(Rectangle(corner, *box[2:], fill=False, edgecolor=colour, linestyle=style, linewidth=1.5))
