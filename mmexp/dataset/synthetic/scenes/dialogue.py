"""Dialogues: questions with their answers, each of which continues the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mmexp.dataset.synthetic.scenes.scene import Scene, pick, region, relation

EXCHANGES = 3
"""Questions of a dialogue at most; every number up to it is as likely, as long as there is something left to ask."""
TOPICS = {"kind": "what is {}", "colour": "what colour is {}", "shape": "what shape has {}", "place": "where is {}"}
"""What can be asked of an object, and how."""

Point = tuple[int, str]
"""What a question is about: which of the objects, and what of it."""


def render(scene: Scene) -> tuple[tuple[str, ...], str]:
    """Ask and answer about the image. -> the turns so far, of which the last is a question, and the reply to it

    A question keeps the object of the one before, which is then ``it``, or asks the same of another object: ``and the
    small one``. Nothing is asked that was answered already.
    """
    generator = scene.generator("dialogue")
    points: list[Point] = []
    for _ in range(1 + int(generator.random() * EXCHANGES)):
        if left := [point for point in _points(scene) if _follows(point, points)]:
            points.append(pick(left, generator))
    turns = [
        turn for i, point in enumerate(points) for turn in (_question(scene, points[:i], point), _reply(scene, point))
    ]
    return tuple(turns[:-1]), turns[-1]


def _points(scene: Scene) -> list[Point]:
    """All that can be asked: objects are named by size, and only the first two have a position that is certain."""
    sizes = Counter(thing.size for thing in scene.things)
    named = [number for number, thing in enumerate(scene.things) if sizes[thing.size] == 1]
    return [(number, topic) for number in named for topic in TOPICS if topic != "place" or number < 2]


def _follows(point: Point, points: Sequence[Point]) -> bool:
    """Whether a question shares either its object or its topic with the one before, and its answer is not yet known."""
    if not points:
        return True
    (number, topic), (last, same) = point, points[-1]
    answered = [known for thing, known in points if thing == number]
    known = topic in answered or (topic in ("colour", "shape") and "kind" in answered)
    known |= topic == "kind" and not {"colour", "shape"}.isdisjoint(answered)
    return (number == last) != (topic == same) and not known


def _question(scene: Scene, before: Sequence[Point], point: Point) -> str:
    number, topic = point
    if before and before[-1][0] == number:
        return TOPICS[topic].format("it")
    size = scene.things[number].size
    return f"and the {size} one" if before else TOPICS[topic].format(f"the {size} object")


def _reply(scene: Scene, point: Point) -> str:
    number, topic = point
    thing = scene.things[number]
    if topic == "place":
        there = (
            f"{relation(thing, scene.main)} the {scene.main.size} one" if number else f"in the {region(thing)} corner"
        )
        return f"it lies {there}"
    facts = {"kind": f"a {thing.colour} {thing.shape}", "colour": thing.colour, "shape": f"a {thing.shape}"}
    return f"it is {facts[topic]}"
