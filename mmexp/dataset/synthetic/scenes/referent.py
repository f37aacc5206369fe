"""The world pointed at: words that single out one object, and where it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from mmexp.dataset.synthetic.scenes import boxes, mask
from mmexp.dataset.synthetic.scenes.scene import Scene, Thing, pick

FORMS = ("the {size} one", "the {colour} one", "the {shape}", "the {colour} {shape}", "the {size} {colour} {shape}")
"""Ways to name an object; its size always names the largest."""


def expression(scene: Scene) -> str:
    """Name one object so that no other is meant."""
    return _choose(scene)[0]


def objects(scene: Scene, image_size: int) -> list[dict[str, Any]]:
    """Outline what is named, as ``boxes.render`` does. -> a list of one"""
    return boxes.render(_alone(scene), image_size)


def region(scene: Scene, image_size: int) -> np.ndarray:
    """Cut out what is named, as ``mask.render`` does; all else is ground. -> [image_size, image_size]"""
    return mask.render(_alone(scene), image_size)


def _alone(scene: Scene) -> Scene:
    return replace(scene, things=(_choose(scene)[1],))


def _choose(scene: Scene) -> tuple[str, Thing]:
    """Draw a form, of those by which anything can be named, and an object that it names."""
    generator = scene.generator("referent")
    named = [found for form in FORMS if (found := _named(scene, form))]
    return pick(pick(named, generator), generator)


def _named(scene: Scene, form: str) -> list[tuple[str, Thing]]:
    """Objects that a form names and no others, each with the words."""
    phrases = [(form.format(**vars(thing)), thing) for thing in scene.things]
    times = Counter(text for text, _ in phrases)
    return [(text, thing) for text, thing in phrases if times[text] == 1]
