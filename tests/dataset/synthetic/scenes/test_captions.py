from __future__ import annotations

from torchmetrics.functional.text import bleu_score

from mmexp.dataset.synthetic.scenes.captions import NAMED, name, render
from mmexp.dataset.synthetic.scenes.scene import MATERIALS, region, relation, sample


def scenes(count: int = 200):
    return [sample(1, "val", i, 4) for i in range(count)]


def test_there_are_five_different_captions_of_a_few_words():
    for scene in scenes():
        told = render(scene)
        assert len(set(told)) == 5 and all(5 <= len(text.split()) <= 19 for text in told)


def test_every_caption_names_the_same_things():
    for scene in scenes():
        for text in render(scene):
            assert all(name(thing) in text for thing in scene.things[:NAMED])


def test_what_is_only_heard_is_not_told():
    assert not any(material in text for scene in scenes() for text in render(scene) for material in MATERIALS)


def test_place_and_relation_are_true():
    for scene in scenes():
        told = " | ".join(render(scene))
        if len(scene.things) == 1:
            assert region(scene.main) in told
        else:
            assert f"{name(scene.main)} {relation(scene.main, scene.things[1])}" in told


def test_telling_the_truth_pays_and_guessing_does_not():
    told = [render(sample(0, "test", i, 3)) for i in range(300)]
    others = [[texts[k] for texts in told[1:] + told[:1]] for k in range(5)]
    assert bleu_score([texts[0] for texts in told], [texts[1:] for texts in told]) > 0.8
    assert max(bleu_score(guesses, told) for guesses in others) < 0.3
