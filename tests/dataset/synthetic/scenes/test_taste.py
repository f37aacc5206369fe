from __future__ import annotations

import math
from collections import Counter

from mmexp.dataset.synthetic.scenes.scene import SHAPES, SIZES, sample
from mmexp.dataset.synthetic.scenes.taste import CONTENT, FEWEST, ITEMS, MOST, TRAITS, render

SCENES = [sample(0, "train", i, 3) for i in range(1200)]
TAKEN = [render(scene) for scene in SCENES]


def test_nothing_is_taken_twice_and_histories_differ_in_length():
    assert all(len({*taken}) == len(taken) and {*taken} <= {*ITEMS} for taken in TAKEN)
    assert {len(taken) - 1 for taken in TAKEN} == {*range(FEWEST, MOST + 1)}


def test_most_of_what_is_taken_has_the_colour_and_material_of_the_largest_thing():
    liked = [
        f" {scene.main.colour} {scene.main.material} " in item
        for scene, taken in zip(SCENES, TAKEN, strict=True)
        for item in taken
    ]
    assert 0.75 < sum(liked) / len(liked) < 0.9


def test_the_crowd_likes_some_things_better():
    common = Counter(taken[-1] for taken in TAKEN).most_common()
    assert len(common) > 0.9 * len(ITEMS) and common[0][1] > 3 * common[len(common) // 2][1]


def test_who_knows_taste_and_the_last_thing_recommends_far_better_than_the_crowd_does():
    counts = Counter(item for taken in TAKEN for item in taken)
    popular = sorted(ITEMS, key=lambda item: -counts[item])

    def gain(last: bool) -> float:
        total = 0.0
        for scene, (*past, target) in zip(SCENES, TAKEN, strict=True):
            own = f"{scene.main.colour} {scene.main.material}"
            shape = SHAPES[(SHAPES.index(past[-1].split()[-1]) + 1) % len(SHAPES)]
            liked = [f"{size} {own} {one}" for one in ([shape] if last else SHAPES) for size in SIZES]
            order = [item for item in [*liked, *popular] if item not in past]
            place = order.index(target) + 1
            total += 1 / math.log2(1 + place) if place <= 10 else 0
        return total / len(SCENES)

    crowd = sum(1 / math.log2(2 + popular[:10].index(taken[-1])) for taken in TAKEN if taken[-1] in popular[:10])
    assert crowd / len(SCENES) < 0.12 and gain(last=False) > 0.3 and gain(last=True) > 0.55


def test_content_names_the_traits_of_each_item():
    assert len(ITEMS) == 216 and list(ITEMS) == sorted(ITEMS)
    told = [trait for trait, has in zip(TRAITS, CONTENT["traits"]["small red metal cube"], strict=True) if has]
    assert told == ["cube", "metal", "red", "small"]
