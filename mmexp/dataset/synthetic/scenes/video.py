"""The world in motion: frames in which each object goes its way at the same pace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmexp.dataset.synthetic.scenes import draw
from mmexp.dataset.synthetic.scenes.scene import GAP, Scene, Thing

FRAMES = 8
SIZE = 32
"""Height and width of a frame, in pixels."""
TRAVEL = 0.3
"""How far an object goes from the first frame to the last, in sides of the image."""
STEPS = {"still": (0, 0), "left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def render(scene: Scene, frames: int = FRAMES, size: int = SIZE) -> np.ndarray:
    """Draw a scene over time. Objects may pass over one another.

    Args:
        scene: What to draw; halfway each object is where the image shows it, as far as the border lets it.
        frames: Number of frames T.
        size: Height and width of each, in pixels.

    Returns:
        uint8 RGB. [T, size, size, 3]
    """
    times = [frame / max(frames - 1, 1) for frame in range(frames)]
    scenes = [replace(scene, things=tuple(_at(thing, time) for thing in scene.things)) for time in times]
    return np.stack([draw.render(moved, size) for moved in scenes])


def _at(thing: Thing, time: float) -> Thing:
    """An object at a time in [0, 1]."""
    across, down = STEPS[thing.motion]
    return replace(thing, x=_along(thing.x, across, thing, time), y=_along(thing.y, down, thing, time))


def _along(place: float, step: int, thing: Thing, time: float) -> float:
    """Place on one axis: the whole way is moved as far as it takes to stay in the image."""
    if not step:
        return place
    room = thing.extent / 2 + GAP
    first = min(max(place - TRAVEL / 2, room), 1 - room - TRAVEL)
    return first + TRAVEL * (time if step > 0 else 1 - time)
