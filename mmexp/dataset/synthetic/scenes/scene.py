"""The state of the world: what stands where, in which colour, of what, and moving where to."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from numpy.random import Generator, Philox

from mmexp.contract import Split

VERSION = 2
"""Raise it whenever a seed gives another world, or the same world looks, sounds or reads otherwise."""

SHAPES = ("ball", "cone", "cube", "ring")
COLOURS = ("red", "yellow", "green", "blue", "purple", "white")
MATERIALS = ("metal", "rubber", "wood")
SIZES = {"large": 0.34, "medium": 0.24, "small": 0.16}
"""Extent by name, in sides of the image; the largest first."""
MOTIONS = ("still", "left", "right", "up", "down")
GROUNDS = ("sand", "moss", "stone", "soil", "slate")
MAX_OBJECTS = 4
"""Objects a scene can hold."""

SPLITS: tuple[Split, ...] = ("train", "val", "test")
GAP = 0.02
"""Free space between objects and at the border, in sides of the image."""
MARGIN = 0.08
"""How far a fact of place stays from where its word would change, in sides of the image."""
TRIES = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Thing:
    """One object.

    Args:
        shape: One of SHAPES.
        colour: One of COLOURS.
        size: One of SIZES.
        material: One of MATERIALS; the audio has it, the image does not.
        motion: One of MOTIONS, in the image plane.
        x: Centre from the left, in sides of the image.
        y: Centre from the top, in sides of the image.
    """

    shape: str
    colour: str
    size: str
    material: str
    motion: str
    x: float
    y: float

    @property
    def extent(self) -> float:
        """Width and height, in sides of the image."""
        return SIZES[self.size]


@dataclass(frozen=True)
class Scene:
    """The whole truth of one sample.

    Args:
        key: Two words of 64 bits that name the scene: the world's seed, and the place in its splits.
        ground: One of GROUNDS.
        things: One to MAX_OBJECTS, the largest first and equals from the left; none is as large as the first two.
    """

    key: tuple[int, int]
    ground: str
    things: tuple[Thing, ...]

    @property
    def main(self) -> Thing:
        """The largest object; its region is certain."""
        return self.things[0]

    def generator(self, purpose: str) -> Generator:
        """Randomness of this scene for one purpose, independent of every other purpose."""
        return _generator(self.key, purpose)


def sample(seed: int, split: Split, index: int, max_objects: int) -> Scene:
    """Draw the state of one scene.

    Only raw 53-bit fractions are drawn, whose stream NumPy keeps from version to version.

    Args:
        seed: Names the world; 0 to 2**64 - 1.
        split: The scenes of different splits differ.
        index: Place in the split; 0 to 2**48 - 1.
        max_objects: Objects at most, 1 to MAX_OBJECTS; every number up to it is as likely.
    """
    key = (seed, SPLITS.index(split) << 48 | index)
    generator = _generator(key, "scene")
    names = tuple(SIZES)
    count = 1 + int(generator.random() * max_objects)
    sizes = (*pick(tuple(combinations(names, min(count, len(names)))), generator), *names[-1:] * (count - len(names)))
    places = _place([SIZES[size] for size in sizes], generator)
    ground = pick(GROUNDS, generator)
    things = tuple(
        Thing(
            shape=pick(SHAPES, generator),
            colour=pick(COLOURS, generator),
            size=size,
            material=pick(MATERIALS, generator),
            motion=pick(MOTIONS, generator),
            x=x,
            y=y,
        )
        for size, (x, y) in zip(sizes, places, strict=True)
    )
    return Scene(key, ground, tuple(sorted(things, key=lambda thing: (-thing.extent, thing.x))))


def pick(options: Sequence[T], generator: Generator) -> T:
    """One of the options, each as likely."""
    return options[int(generator.random() * len(options))]


def region(thing: Thing) -> str:
    """Quarter of the image that holds the centre: ``top left`` ..."""
    return f"{'top' if thing.y < 0.5 else 'bottom'} {'left' if thing.x < 0.5 else 'right'}"


def relation(thing: Thing, other: Thing) -> str:
    """Where an object is, seen from another: ``left of``, ``right of``, ``above`` or ``below``."""
    right, down = thing.x - other.x, thing.y - other.y
    if abs(right) > abs(down):
        return "left of" if right < 0 else "right of"
    return "above" if down < 0 else "below"


def _generator(key: tuple[int, int], purpose: str) -> Generator:
    """Counter-based, so that a stream costs microseconds: the key is the scene, the counter's high word the purpose."""
    return Generator(Philox(key=key[1] << 64 | key[0], counter=zlib.crc32(purpose.encode()) << 192))


def _place(extents: Sequence[float], generator: Generator) -> list[tuple[float, float]]:
    """Find centres that keep objects apart and words for positions certain."""
    places: list[tuple[float, float]] = []
    tries = 0
    while len(places) < len(extents):
        if tries == TRIES * len(extents):
            places, tries = [], 0
        room = extents[len(places)] / 2 + GAP
        x, y = (room + (1 - 2 * room) * fraction for fraction in generator.random(2).tolist())
        if _fits(x, y, places, extents):
            places.append((x, y))
        tries += 1
    return places


def _fits(x: float, y: float, places: Sequence[tuple[float, float]], extents: Sequence[float]) -> bool:
    """Whether the next object may stand here: the first off the middle lines, the second off the first's diagonals."""
    if not places and min(abs(x - 0.5), abs(y - 0.5)) < MARGIN:
        return False
    if len(places) == 1 and abs(abs(x - places[0][0]) - abs(y - places[0][1])) < MARGIN:
        return False
    extent = extents[len(places)]
    return all(
        max(abs(x - left), abs(y - top)) >= (extent + other) / 2 + GAP
        for (left, top), other in zip(places, extents, strict=False)
    )
