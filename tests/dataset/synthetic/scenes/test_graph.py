from __future__ import annotations

from mmexp.dataset.synthetic.scenes.graph import RELATIONS, render
from mmexp.dataset.synthetic.scenes.scene import sample

SCENES = [sample(4, "train", i, 4) for i in range(200)]
BACK = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def test_places_hold_both_ways_and_are_those_of_the_centres():
    for scene in SCENES:
        triples = render(scene)
        assert len(set(triples)) == len(triples) and {relation for _, relation, _ in triples} <= set(RELATIONS)
        assert all((tail, BACK[way], head) in triples for head, way, tail in triples if way in BACK)
        if len(scene.things) == 2:
            one, other = scene.things
            told = next(way for head, way, _ in triples if head.startswith(one.size))
            across, down = one.x - other.x, one.y - other.y
            assert {"left of": -across, "right of": across, "above": -down, "below": down}[told] > 0


def test_each_thing_is_made_of_what_it_sounds_like():
    for scene in SCENES:
        made = {(head, tail) for head, way, tail in render(scene) if way == "made of"}
        assert made == {(f"{t.size} {t.colour} {t.shape}", t.material) for t in scene.things}


def test_a_thing_alone_has_one_triple():
    scene = next(scene for scene in SCENES if len(scene.things) == 1)
    assert len(render(scene)) == 1
