"""Questions: one with its answer, on the image, the audio, or both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from numpy.random import Generator

from mmexp.dataset.synthetic.scenes.scene import COLOURS, MATERIALS, MAX_OBJECTS, SHAPES, Scene, Thing, pick, region

NUMBERS = ("one", "two", "three", "four")
REGIONS = ("top left", "top right", "bottom left", "bottom right")
ANSWERS = tuple(sorted({*COLOURS, *MATERIALS, *SHAPES, *REGIONS, *NUMBERS[:MAX_OBJECTS], "yes", "no"}))
"""Every answer there is."""

Asked = tuple[str, str]


def render(scene: Scene) -> Asked:
    """Ask one question that has exactly one answer. -> question, answer"""
    generator = scene.generator("questions")
    return pick(KINDS, generator)(scene, generator)


def _colour(scene: Scene, generator: Generator) -> Asked:
    thing = pick(_alone(scene.things, lambda t: t.size), generator)
    return f"what colour is the {thing.size} object", thing.colour


def _shape(scene: Scene, generator: Generator) -> Asked:
    thing = pick(_alone(scene.things, lambda t: t.size), generator)
    return f"what shape has the {thing.size} object", thing.shape


def _place(scene: Scene, generator: Generator) -> Asked:
    return "where is the largest object", region(scene.main)


def _material(scene: Scene, generator: Generator) -> Asked:
    return "what is the largest object made of", scene.main.material


def _count(scene: Scene, generator: Generator) -> Asked:
    return "how many objects are there", NUMBERS[len(scene.things) - 1]


def _exists(scene: Scene, generator: Generator) -> Asked:
    """Ask about one that is there half of the time."""
    there = {(thing.colour, thing.shape) for thing in scene.things}
    absent = [(colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in there]
    colour, shape = pick(sorted(there) if generator.random() < 0.5 else absent, generator)
    return f"is there a {colour} {shape}", "yes" if (colour, shape) in there else "no"


KINDS: tuple[Callable[[Scene, Generator], Asked], ...] = (_colour, _shape, _place, _material, _count, _exists)
"""Kinds of question, each as likely."""


def _alone(things: Sequence[Thing], trait: Callable[[Thing], str]) -> list[Thing]:
    """Objects that share a trait with no other; the largest always is among them."""
    number = Counter(map(trait, things))
    return [thing for thing in things if number[trait(thing)] == 1]
