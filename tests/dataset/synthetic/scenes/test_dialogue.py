from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from mmexp.dataset.synthetic.scenes.dialogue import EXCHANGES, TOPICS, render
from mmexp.dataset.synthetic.scenes.scene import COLOURS, SHAPES, SIZES, Scene, Thing, region, relation, sample

SCENES = [sample(3, "train", i, 4) for i in range(1500)]
TALKS = [render(scene) for scene in SCENES]


def meant(turns: tuple[str, ...], scene: Scene) -> tuple[Thing, str]:
    """What the last question of a talk is about, told from its words alone."""
    thing, topic = scene.main, ""
    for question in turns[::2]:
        named = [one for one in scene.things if one.size in question.split()]
        thing = named[0] if named else thing
        asked = [name for name in ("colour", "shape") if name in question]
        topic = topic if question.startswith("and") else asked[0] if asked else question.split()[0]
    return thing, topic


def test_the_reply_is_the_truth_of_the_scene():
    for scene, (turns, reply) in zip(SCENES, TALKS, strict=True):
        thing, topic = meant(turns, scene)
        if topic == "where":
            known = {region(thing)} if thing is scene.main else {relation(thing, scene.main), scene.main.size}
            assert all(word in reply for word in known)
        else:
            told = {"colour": {thing.colour}, "shape": {thing.shape}, "what": {thing.colour, thing.shape}}[topic]
            assert {*COLOURS, *SHAPES}.intersection(reply.split()) == told


def test_a_talk_alternates_and_has_one_to_three_questions_about_every_topic():
    assert {len(turns) for turns, _ in TALKS} == {2 * n + 1 for n in range(EXCHANGES)}
    starts = tuple(form.split("{")[0].strip() for form in TOPICS.values())
    for turns, reply in TALKS:
        assert turns[0].startswith(starts) and all(turn.startswith((*starts, "and the ")) for turn in turns[::2])
        assert all(turn.startswith("it ") for turn in (*turns[1::2], reply))
    assert {next(start for start in starts[::-1] if turns[0].startswith(start)) for turns, _ in TALKS} == {*starts}


def test_nothing_is_asked_that_was_told_already():
    for scene, (turns, _) in zip(SCENES, TALKS, strict=True):
        asked = [meant(turns[: n + 1], scene) for n in range(0, len(turns), 2)]
        assert len(set(asked)) == len(asked)
        for thing in scene.things:
            topics = [topic for one, topic in asked if one == thing]
            assert not ("what" in topics and {"colour", "shape"}.intersection(topics))


def test_neither_the_last_question_nor_the_whole_talk_tells_the_reply():
    last, whole = defaultdict(Counter), defaultdict(Counter)
    for turns, reply in TALKS:
        last[turns[-1]][reply] += 1
    for scene, (turns, reply) in zip(SCENES, TALKS, strict=True):
        whole[tuple(turns[::2]), len(scene.things)][reply] += 1
    assert sum(max(counts.values()) for counts in last.values()) < 0.25 * len(TALKS)
    assert sum(max(counts.values()) for counts in whole.values()) < 0.5 * len(TALKS)


def test_the_picture_and_the_last_question_are_not_enough_without_what_was_said_before():
    topics, things = defaultdict(set), defaultdict(set)
    for scene, (turns, _) in zip(SCENES, TALKS, strict=True):
        thing, topic = meant(turns, scene)
        (topics if turns[-1].startswith("and ") else things)[turns[-1]].add((thing.size, topic))
    assert all(len({topic for _, topic in topics[f"and the {size} one"]}) == 4 for size in SIZES)
    assert all(len({size for size, _ in things[form.format("it")]}) == 3 for form in TOPICS.values())


def test_a_scene_always_gives_the_same_talk():
    assert TALKS[7] == render(SCENES[7])


@pytest.mark.parametrize("trait", ["material", "motion"])
def test_what_is_not_seen_changes_nothing(trait):
    for scene in SCENES[:100]:
        things = tuple(replace(thing, **{trait: "?"}) for thing in scene.things)
        assert render(replace(scene, things=things)) == render(scene)
