from __future__ import annotations

from collections import Counter

import numpy as np

from mmexp.dataset.synthetic.scenes import boxes, captions, mask
from mmexp.dataset.synthetic.scenes.referent import expression, objects, region
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(4, "train", i, 4) for i in range(300)]


def meant(scene):
    """Numbers of the things that fit every word of the expression."""
    words = expression(scene).removeprefix("the ").removesuffix(" one").split()
    return [i for i, t in enumerate(scene.things) if {*words} <= {t.size, t.colour, t.shape}]


def test_the_words_fit_exactly_the_thing_that_is_outlined():
    for scene in SCENES:
        (number,) = meant(scene)
        assert objects(scene, 64) == [boxes.render(scene, 64)[number]]


def test_the_region_is_that_of_the_thing_and_of_nothing_else():
    for scene in SCENES[:100]:
        (one,) = objects(scene, 64)
        x, y, width, height = one["bbox"]
        own, whole = region(scene, 64), mask.render(scene, 64)
        np.testing.assert_array_equal(own[y : y + height, x : x + width], whole[y : y + height, x : x + width])
        assert (own > 0).sum() == (own[y : y + height, x : x + width] > 0).sum() > 0


def test_things_are_named_in_all_ways_and_not_the_largest_alone():
    words = Counter(len(expression(scene).split()) for scene in SCENES)
    assert set(words) == {2, 3, 4} and min(words.values()) > len(SCENES) / 20
    assert sum(meant(scene) != [0] for scene in SCENES if len(scene.things) > 1) > len(SCENES) / 4


def test_it_uses_no_word_that_captions_lack():
    def words(texts):
        return {word for text in texts for word in text.split()}

    assert words(map(expression, SCENES)) <= words(text for scene in SCENES for text in captions.render(scene))
