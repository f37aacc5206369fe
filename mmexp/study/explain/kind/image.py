"""Images in a grid of squares; a square that is taken away has the mean colour of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from mmexp.analysis.report.html import Html, tag
from mmexp.contract import Padded
from mmexp.study.explain.data_url import data_url
from mmexp.study.explain.parts import Parts
from mmexp.transform.base import Transform
from mmexp.transform.image import ImageTransform

TRANSFORMS = (ImageTransform,)
CONTINUOUS = True
SQUARES = 8
"""Along each side."""
_SIDE = 256  # pixels on the page


def divide(inputs: Padded, transform: Transform) -> Parts:
    """Return the squares, row by row."""
    height, width = inputs.values.shape[-2:]
    rows, columns = (torch.arange(size) * SQUARES // size for size in (height, width))
    place = (rows[:, None] * SQUARES + columns).to(inputs.values.device)
    blank = inputs.values.float().mean((-2, -1), keepdim=True).round().to(inputs.values.dtype).expand_as(inputs.values)
    names = [f"row {y + 1}, column {x + 1}" for y in range(SQUARES) for x in range(SQUARES)]
    return Parts(place, names, blank[0])


def heat_map(parts: Parts, values: np.ndarray, inputs: Padded) -> Image.Image:
    """Return the image, and next to it the same in grey, red where a square speaks for the answer, blue against it."""
    pixels = inputs.values[0].permute(1, 2, 0).cpu().numpy().astype(np.uint8)
    size = (_SIDE, _SIDE)
    grey = np.asarray(Image.fromarray(pixels).convert("L").convert("RGB").resize(size), float)
    largest = float(np.abs(values).max()) or 1.0
    grid = (values / largest).reshape(SQUARES, SQUARES).astype(np.float32)
    heat = np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BILINEAR))[..., None]
    colour = np.where(heat > 0, [220.0, 30.0, 30.0], [30.0, 80.0, 220.0])
    share = 0.7 * np.abs(heat)
    pair = np.concatenate(
        [np.asarray(Image.fromarray(pixels).resize(size), float), grey * (1 - share) + colour * share], 1
    )
    return Image.fromarray(pair.round().clip(0, 255).astype(np.uint8))


def draw(parts: Parts, values: np.ndarray, inputs: Padded, sample: Any, title: str) -> Html:
    """Show the image, red where a square speaks for the answer and blue where it speaks against it."""
    return tag("img", src=data_url(heat_map(parts, values, inputs)), alt=title, class_="wide")
