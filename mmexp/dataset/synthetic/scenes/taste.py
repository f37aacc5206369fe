"""Purchases: who looks at a scene has bought objects before, and buys one more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from numpy.random import Generator

from mmexp.dataset.synthetic.scenes.scene import COLOURS, MATERIALS, SHAPES, SIZES, Scene, pick

ITEMS = tuple(sorted(" ".join(traits) for traits in product(SIZES, COLOURS, MATERIALS, SHAPES)))
"""All items, 216 of them: ``small red metal cube`` ..."""
TRAITS = tuple(sorted((*SIZES, *COLOURS, *MATERIALS, *SHAPES)))
CONTENT: Mapping[str, Mapping[str, Sequence[float]]] = {
    "traits": {item: [float(trait in item.split()) for trait in TRAITS] for item in ITEMS}
}
"""What each item is like: which of TRAITS it has."""
LOYAL = 0.8
"""How often a user follows their own preference, and not popularity."""
STRIDE = 97
"""Between one item and the next in the order of the crowd; prime to their number, so that all have their turn."""
FEWEST, MOST = 3, 8
"""Items in a history."""


def render(scene: Scene) -> list[str]:
    """Items bought one after the other, none of them twice; the last is the one to be recommended.

    A user likes the colour and the material of the largest object: image and audio show it at once, the history with
    time. LOYAL of the steps take such an object, of the shape that comes after the last one's in SHAPES, in whatever
    size is left. All other steps follow the crowd, which has an order of its own and takes the n-th item with a chance
    of ``log(1 + 1/n) / log(216)``.
    """
    generator = scene.generator("taste")
    taken: list[str] = []
    shape = pick(SHAPES, generator)
    for _ in range(FEWEST + int(generator.random() * (MOST - FEWEST + 1)) + 1):
        shape = SHAPES[(SHAPES.index(shape) + 1) % len(SHAPES)]
        liked = [f"{size} {scene.main.colour} {scene.main.material} {shape}" for size in SIZES]
        fresh = [item for item in liked if item not in taken]
        taken.append(pick(fresh, generator) if fresh and generator.random() < LOYAL else _common(taken, generator))
        shape = taken[-1].split()[-1]
    return taken


def _common(taken: Sequence[str], generator: Generator) -> str:
    """Something that the crowd takes, and one has not."""
    while True:
        item = ITEMS[int(len(ITEMS) ** generator.random()) * STRIDE % len(ITEMS)]
        if item not in taken:
            return item
