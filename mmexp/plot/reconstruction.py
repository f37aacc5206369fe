"""Draw masked images and their reconstruction."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Reconstruction = tuple[np.ndarray, np.ndarray, Sequence[Sequence[str]], str]
"""An image, the same with its masked patches filled in, masked words each with its prediction, and the text."""
GREY, GAP = 128, 2  # brightness of masked patches; pixels between images
COLUMNS, WIDTH, HEIGHT, LETTERS = 3, 4.2, 2.2, 60  # of panels; of each in inches; of a line under it


def reconstructions(shown: Sequence[Reconstruction], masks: np.ndarray) -> Figure:
    """Draw each image as it is, masked and reconstructed; above them the text, and the predicted words.

    Args:
        shown: At least one.
        masks: Which patches of each were masked, in rows. bool [B, P]
    """
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in panels:
        panel.set_axis_off()
    for panel, (image, filled, words, text), mask in zip(panels, shown, masks, strict=False):
        panel.imshow(_triptych(image, mask, filled))
        line = ", ".join(map(_prediction, words))
        panel.set_title("\n".join(fill(line, LETTERS) for line in (text, line)), fontsize=8, parse_math=False)
    return figure


def _triptych(image: np.ndarray, mask: np.ndarray, filled: np.ndarray) -> np.ndarray:
    from PIL import Image

    size = len(filled)
    whole = np.array(Image.fromarray(image).resize((size, size)))
    side = round(len(mask) ** 0.5)
    grid = np.kron(mask.reshape(side, side), np.ones((size // side, size // side), bool))
    grey = np.where(grid[..., None], np.uint8(GREY), whole)
    gap = np.full((size, GAP, 3), 255, np.uint8)
    return np.concatenate([whole, gap, grey, gap, filled], 1)


def _prediction(pair: Sequence[str]) -> str:
    word, predicted = pair
    return word if word == predicted else f"{word} ({predicted})"
