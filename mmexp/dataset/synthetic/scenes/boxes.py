"""The world outlined: what each object is and the box around what is drawn of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmexp.dataset.synthetic.scenes.draw import corner, coverage, side
from mmexp.dataset.synthetic.scenes.scene import SHAPES, Scene, Thing

CATEGORIES = tuple(sorted(SHAPES))


def render(scene: Scene, image_size: int) -> list[dict[str, Any]]:
    """Outline everything in a scene, the largest first.

    Args:
        scene: What is drawn.
        image_size: Height and width of the image, in pixels.

    Returns:
        Of each object its ``category``, which is its shape, and ``bbox``: [x, y, w, h] in pixels, without the shadow.
    """
    return [{"category": thing.shape, "bbox": _box(thing, image_size)} for thing in scene.things]


def _box(thing: Thing, image_size: int) -> list[int]:
    inside = coverage(thing.shape, side(thing, image_size)) > 0
    left, top = corner(thing, image_size)
    columns, rows = (np.flatnonzero(inside.any(axis)) for axis in (0, 1))
    return [
        left + int(columns[0]),
        top + int(rows[0]),
        int(columns[-1] - columns[0]) + 1,
        int(rows[-1] - rows[0]) + 1,
    ]
