"""Tags: a sentence whose words are tagged by what only the image shows.

Objects are named by size and shape, and their type is the colour that they are seen in.
"""

from __future__ import annotations

from collections import Counter

from numpy.random import Generator

from mmexp.dataset.synthetic.scenes.questions import NUMBERS
from mmexp.dataset.synthetic.scenes.scene import COLOURS, Scene, Thing, pick, region

TYPES = tuple(sorted(("COUNT", "PLACE", *map(str.upper, COLOURS))))
TAGS = tuple(sorted(("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))))
"""Every tag there is."""

Tagged = list[tuple[str, str]]


def render(scene: Scene) -> tuple[list[str], list[str]]:
    """Say how many objects there are, then name those that have a size of their own. -> words, BIO tags

    ``there are two objects a small object and the large ring in the top right corner``: COUNT is the number with its
    noun, PLACE the three words of a corner, and RED, GREEN ... a phrase with its article.
    """
    generator = scene.generator("tags")
    count = len(scene.things)
    tagged = [("there", "O"), ("is" if count == 1 else "are", "O")]
    tagged += _span(f"{NUMBERS[count - 1]} object{'s' if count > 1 else ''}", "COUNT")
    for number, thing in enumerate(_named(scene, generator)):
        tagged += [("and", "O")] if number else []
        tagged += _span(_phrase(thing, generator), thing.colour.upper()) + _placed(thing, generator)
    return [word for word, _ in tagged], [tag for _, tag in tagged]


def _named(scene: Scene, generator: Generator) -> list[Thing]:
    """Objects that are alone in their size, in any order."""
    number = Counter(thing.size for thing in scene.things)
    left, named = [thing for thing in scene.things if number[thing.size] == 1], []
    while left:
        named.append(left.pop(int(generator.random() * len(left))))
    return named


def _phrase(thing: Thing, generator: Generator) -> str:
    """``the large ring`` or ``a large object``"""
    return f"{pick(('a', 'the'), generator)} {thing.size} {pick((thing.shape, 'object'), generator)}"


def _placed(thing: Thing, generator: Generator) -> Tagged:
    """``in the top right corner``, half of the time."""
    if generator.random() < 0.5:
        return []
    return [("in", "O"), ("the", "O"), *_span(f"{region(thing)} corner", "PLACE")]


def _span(words: str, kind: str) -> Tagged:
    return [(word, f"{'I' if number else 'B'}-{kind}") for number, word in enumerate(words.split())]
