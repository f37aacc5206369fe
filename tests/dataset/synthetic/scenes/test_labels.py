from __future__ import annotations

from collections import Counter

from mmexp.dataset.synthetic.scenes.labels import ATTRIBUTES, LABELS, MOTION, attributes, label, motion, same_colour
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(0, "test", i, 3) for i in range(600)]


def test_a_label_joins_what_is_heard_with_what_is_seen_and_all_are_about_as_likely():
    number = Counter(map(label, SCENES))
    assert set(number) == set(LABELS) and len(LABELS) == 12 and max(number.values()) < 90
    assert all(label(scene) == f"{scene.main.material} {scene.main.shape}" for scene in SCENES)


def test_attributes_are_those_that_occur():
    for scene in SCENES[:50]:
        found = attributes(scene)
        assert found == sorted(found) and set(found) <= set(ATTRIBUTES)
        assert set(found) == {t.colour for t in scene.things} | {t.shape for t in scene.things}


def test_same_colour_is_neither_always_nor_never():
    number = Counter(map(same_colour, SCENES))
    assert 60 < number["yes"] < 300


def test_every_motion_of_the_largest_thing_is_about_as_likely():
    number = Counter(map(motion, SCENES))
    assert set(number) == set(MOTION) and min(number.values()) > 80
    assert all(motion(scene) == scene.main.motion for scene in SCENES)
