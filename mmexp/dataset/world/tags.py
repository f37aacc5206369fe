"""The world mentioned: a sentence whose words are tagged, and which names also what is not there.

Only the image tells THING from ABSENT, as either is described in the same words.
"""

from __future__ import annotations

from numpy.random import Generator

from mmexp.dataset.world.questions import NUMBERS, REGIONS
from mmexp.dataset.world.scene import COLOURS, SHAPES, Scene, Thing, pick, region

TYPES = ("ABSENT", "COUNT", "PLACE", "THING")
TAGS = tuple(sorted(("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))))
"""Every tag there is."""
MENTIONS = (2, 3)
"""How many things a sentence names, each as likely."""

Tagged = list[tuple[str, str]]


def render(scene: Scene) -> tuple[list[str], list[str]]:
    """Say how many things there are, then name some that are there and some that are not. -> words, BIO tags

    ``there are two objects the large green ring in the top right corner and a small red cone``: COUNT is the number
    with its noun, PLACE the three words of a corner, THING and ABSENT a phrase with its article.
    """
    generator = scene.generator("tags")
    count = len(scene.things)
    told = [("there", "O"), ("is" if count == 1 else "are", "O")]
    told += _span(f"{NUMBERS[count - 1]} object{'s' if count > 1 else ''}", "COUNT")
    for number, (thing, kind) in enumerate(_mentioned(scene, generator)):
        told += [("and", "O")] if number else []
        told += _span(_phrase(thing, generator), kind) + _placed(thing, kind, generator)
    return [word for word, _ in told], [tag for _, tag in told]


def _mentioned(scene: Scene, generator: Generator) -> list[tuple[Thing, str]]:
    """Things to name, each there half of the time as long as there are any left."""
    left, named = list(scene.things), []
    for _ in range(pick(MENTIONS, generator)):
        if left and generator.random() < 0.5:
            named.append((left.pop(int(generator.random() * len(left))), "THING"))
        else:
            named.append((_absent(scene, generator), "ABSENT"))
    return named


def _absent(scene: Scene, generator: Generator) -> Thing:
    """Something as large as one of the things, in a colour that its shape does not have in this scene."""
    there = {(thing.colour, thing.shape) for thing in scene.things}
    free = [(colour, shape) for colour in COLOURS for shape in SHAPES if (colour, shape) not in there]
    colour, shape = pick(free, generator)
    x, y = generator.random(2).tolist()
    return Thing(shape=shape, colour=colour, size=pick(scene.things, generator).size, material="", motion="", x=x, y=y)


def _phrase(thing: Thing, generator: Generator) -> str:
    """``the large green ring`` or ``a green ring``"""
    size = f"{thing.size} " if generator.random() < 0.5 else ""
    return f"{pick(('a', 'the'), generator)} {size}{thing.colour} {thing.shape}"


def _placed(thing: Thing, kind: str, generator: Generator) -> Tagged:
    """``in the top right corner``, half of the time; of what is not there any corner is said."""
    if generator.random() < 0.5:
        return []
    place = region(thing) if kind == "THING" else pick(REGIONS, generator)
    return [("in", "O"), ("the", "O"), *_span(f"{place} corner", "PLACE")]


def _span(words: str, kind: str) -> Tagged:
    return [(word, f"{'I' if number else 'B'}-{kind}") for number, word in enumerate(words.split())]
