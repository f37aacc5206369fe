from __future__ import annotations

from mmexp.dataset.synthetic.scenes.scene import sample
from mmexp.dataset.synthetic.scenes.side import ASKED, CLASSES, COMPANIONS, INPUTS, KINDS, SHOWN

SCENES = [sample(0, "train", i, 3) for i in range(200)]


def test_every_value_of_a_target_is_among_its_classes():
    flat = {
        "objects": lambda value: [one["category"] for one in value],
        "mask": lambda value: [CLASSES["mask"][number] for number in set(value.flat)],
        "referent": lambda value: [one["category"] for one in value],
        "region": lambda value: [CLASSES["region"][number] for number in set(value.flat)],
        "triples": lambda value: [relation for _, relation, _ in value],
    }
    for target, classes in CLASSES.items():
        seen = set()
        for scene in SCENES:
            value = ASKED[target](scene, 64)
            seen |= set(flat[target](value) if target in flat else value if isinstance(value, list) else [value])
        assert seen <= set(classes), target
        assert len(seen) > len(classes) / 2, target


def test_words_and_tags_are_as_many():
    assert all(len(SHOWN["words"](scene, 64)) == len(ASKED["tags"](scene, 64)) for scene in SCENES)


def test_companions_and_kinds_are_of_sides_that_there_are():
    assert COMPANIONS.keys() <= ASKED.keys() and {*INPUTS, *KINDS} <= SHOWN.keys()
    assert {name for names in COMPANIONS.values() for name in names} <= SHOWN.keys()


def test_a_caption_tells_what_the_image_shows_so_that_no_sound_is_encoded_for_it():
    assert COMPANIONS["captions"] == ("image",)


def test_one_side_changes_nothing_of_another():
    before = SHOWN["text"](SCENES[0], 64), SHOWN["audio"](SCENES[0], 64).samples.tobytes()
    for show in SHOWN.values():
        show(SCENES[0], 64)
    assert (SHOWN["text"](SCENES[0], 64), SHOWN["audio"](SCENES[0], 64).samples.tobytes()) == before
