"""Images with hidden parts, and what these were taken for."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Told = tuple[np.ndarray, np.ndarray, Sequence[Sequence[str]], str]
"""An image, the same with its hidden parts as they were told, hidden words each with its answer, and the text."""
GREY, GAP = 128, 2  # brightness of what is hidden; pixels between images
COLUMNS, WIDTH, HEIGHT, LETTERS = 3, 4.2, 2.2, 60  # places side by side; of each in inches; of a line under it


def reconstructions(shown: Sequence[Told], masks: np.ndarray) -> Figure:
    """Each image as it is, as it was shown and as it was told; under them the text, and the words told of it.

    Args:
        shown: At least one.
        masks: Which patches, in rows, were hidden of each. bool [B, P]
    """
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for place in places:
        place.set_axis_off()
    for place, (image, filled, words, text), mask in zip(places, shown, masks, strict=False):
        place.imshow(_triptych(image, mask, filled))
        told = ", ".join(map(_answered, words))
        place.set_title("\n".join(fill(line, LETTERS) for line in (text, told)), y=-0.04, va="top", fontsize=8)
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


def _answered(pair: Sequence[str]) -> str:
    word, answer = pair
    return word if word == answer else f"{word} ({answer})"
