from __future__ import annotations

from collections import Counter, defaultdict

from mmexp.dataset.synthetic.scenes import captions, questions
from mmexp.dataset.synthetic.scenes.scene import COLOURS, sample
from mmexp.dataset.synthetic.scenes.tags import TAGS, render

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


def test_a_thing_is_of_the_type_of_its_colour():
    for scene in SCENES:
        colours = {thing.size: thing.colour.upper() for thing in scene.things}
        shapes = {thing.size: {thing.shape, "object"} for thing in scene.things}
        for kind, words in spans(*render(scene)):
            if kind == "COUNT":
                assert words[0] == questions.NUMBERS[len(scene.things) - 1]
            elif kind == "PLACE":
                assert " ".join(words[:2]) in questions.REGIONS and words[2] == "corner"
            else:
                article, size, shape = words
                assert article in ("a", "the") and kind == colours[size] and shape in shapes[size]


def test_every_tag_occurs_and_no_other():
    assert {tag for scene in SCENES for tag in render(scene)[1]} == set(TAGS) and list(TAGS) == sorted(TAGS)


def test_the_words_alone_do_not_tell_the_colour():
    seen: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for scene in SCENES:
        words, tags = render(scene)
        assert not {*words} & {*COLOURS}
        for kind, own in spans(words, tags):
            if kind not in ("COUNT", "PLACE"):
                seen[words[2], *own[1:]][kind] += 1
    best = sum(max(counts.values()) for counts in seen.values()) / sum(map(Counter.total, seen.values()))
    assert best < 0.3


def test_every_word_is_one_that_captions_and_questions_know():
    known = {word for scene in SCENES for text in captions.render(scene) for word in text.split()}
    known |= {word for scene in SCENES for text in questions.render(scene) for word in text.split()}
    assert {word for scene in SCENES for word in render(scene)[0]} <= known


def test_the_same_scene_is_told_the_same():
    assert render(SCENES[0]) == render(SCENES[0]) != render(SCENES[1])
