from __future__ import annotations

from collections import Counter, defaultdict

from mmexp.dataset.world import captions, questions
from mmexp.dataset.world.scene import COLOURS, SHAPES, sample
from mmexp.dataset.world.tags import TAGS, render

SCENES = [sample(0, "train", i, 3) for i in range(1500)]


def spans(words: list[str], tags: list[str]) -> list[tuple[str, list[str]]]:
    """Type and words of each entity, read independently."""
    found: list[tuple[str, list[str]]] = []
    for word, tag in zip(words, tags, strict=True):
        if tag.startswith("B-"):
            found.append((tag[2:], [word]))
        elif tag.startswith("I-"):
            assert found[-1][0] == tag[2:]
            found[-1][1].append(word)
    return found


def test_what_is_there_is_a_thing_and_what_is_not_is_absent():
    for scene in SCENES:
        there = {(thing.colour, thing.shape) for thing in scene.things}
        sizes = {(thing.size, thing.colour, thing.shape) for thing in scene.things}
        for kind, words in spans(*render(scene)):
            if kind in ("THING", "ABSENT"):
                assert (tuple(words[-2:]) in there) == (kind == "THING")
                assert kind == "ABSENT" or len(words) == 3 or tuple(words[1:]) in sizes
            elif kind == "COUNT":
                assert words[0] == questions.NUMBERS[len(scene.things) - 1]
            else:
                assert " ".join(words[:2]) in questions.REGIONS and words[2] == "corner"


def test_every_tag_occurs_and_no_other():
    assert {tag for scene in SCENES for tag in render(scene)[1]} == set(TAGS) and list(TAGS) == sorted(TAGS)


def test_the_words_alone_do_not_tell_what_is_there():
    seen: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for scene in SCENES:
        words, tags = render(scene)
        for kind, own in spans(words, tags):
            if kind in ("THING", "ABSENT"):
                assert own[-2] in COLOURS and own[-1] in SHAPES
                seen[words[2], str(len(own))][kind] += 1
    best = sum(max(counts.values()) for counts in seen.values()) / sum(map(Counter.total, seen.values()))
    assert 0.5 < best < 0.75


def test_every_word_is_one_that_captions_and_questions_know():
    known = {word for scene in SCENES for text in captions.render(scene) for word in text.split()}
    known |= {word for scene in SCENES for text in questions.render(scene) for word in text.split()}
    assert {word for scene in SCENES for word in render(scene)[0]} <= known


def test_the_same_scene_is_told_the_same():
    assert render(SCENES[0]) == render(SCENES[0]) != render(SCENES[1])
