from __future__ import annotations

from collections import Counter

import pytest

from mmexp.dataset.synthetic.scenes.scene import GAP, SIZES, Scene, region, relation, sample


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample(0, "train", i, 4) for i in range(400)]


def test_a_scene_depends_on_seed_split_and_index_alone():
    assert sample(3, "val", 5, 3) == sample(3, "val", 5, 3)
    others = [sample(4, "val", 5, 3), sample(3, "test", 5, 3), sample(3, "val", 6, 3)]
    assert all(other.things != sample(3, "val", 5, 3).things for other in others)


def test_randomness_of_one_purpose_leaves_the_others_alone(scenes):
    scene = scenes[0]
    first = scene.generator("draw").random(3).tolist()
    scene.generator("sound").random(99)
    assert scene.generator("draw").random(3).tolist() == first != scene.generator("sound").random(3).tolist()


def test_every_number_of_things_is_about_as_likely(scenes):
    number = Counter(len(scene.things) for scene in scenes)
    assert set(number) == {1, 2, 3, 4} and min(number.values()) > 70


def test_the_largest_thing_comes_first_and_is_larger_than_any_other(scenes):
    order = list(SIZES)
    for scene in scenes:
        ranks = [order.index(thing.size) for thing in scene.things]
        assert ranks == sorted(ranks) and ranks.count(ranks[0]) == 1


def test_things_stay_inside_and_apart(scenes):
    for scene in scenes:
        for i, thing in enumerate(scene.things):
            assert all(thing.extent / 2 < place < 1 - thing.extent / 2 for place in (thing.x, thing.y))
            for other in scene.things[:i]:
                gap = max(abs(thing.x - other.x), abs(thing.y - other.y)) - (thing.extent + other.extent) / 2
                assert gap > GAP - 1e-9


def test_words_of_place_are_opposite_seen_from_the_other_side(scenes):
    back = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
    for scene in scenes:
        for other in scene.things[1:]:
            assert relation(other, scene.main) == back[relation(scene.main, other)]
        assert region(scene.main).split()[0] == ("top" if scene.main.y < 0.5 else "bottom")


def test_equals_stand_in_order_from_the_left():
    crowds = [scene.things for scene in (sample(0, "train", i, 4) for i in range(200)) if len(scene.things) == 4]
    assert crowds and all(third.size == fourth.size and third.x <= fourth.x for _, _, third, fourth in crowds)
