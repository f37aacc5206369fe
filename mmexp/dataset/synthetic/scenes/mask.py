"""The world cut out: the shape that each pixel belongs to."""

from __future__ import annotations

import numpy as np

from mmexp.dataset.synthetic.scenes.draw import corner, coverage, side
from mmexp.dataset.synthetic.scenes.scene import SHAPES, Scene

CLASSES = ("ground", *sorted(SHAPES))
"""What a pixel may be, by number."""


def render(scene: Scene, image_size: int) -> np.ndarray:
    """Number every pixel that an object covers, and be it in part; what is drawn later hides what was there.

    Args:
        scene: What is drawn.
        image_size: Height and width of the image, in pixels.

    Returns:
        uint8 numbers of CLASSES; a shadow is ground. [image_size, image_size]
    """
    mask = np.zeros((image_size, image_size), np.uint8)
    for thing in scene.things:
        inside = coverage(thing.shape, side(thing, image_size)) > 0
        left, top = corner(thing, image_size)
        mask[top : top + len(inside), left : left + len(inside)][inside] = CLASSES.index(thing.shape)
    return mask
