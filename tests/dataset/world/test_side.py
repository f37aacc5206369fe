from __future__ import annotations

from mmexp.dataset.world.scene import sample
from mmexp.dataset.world.side import ASKED, CLASSES, EXTRA, SHOWN

SCENES = [sample(0, "train", i, 3) for i in range(200)]


def test_every_value_of_a_target_is_among_its_classes():
    flat = {
        "objects": lambda value: [one["category"] for one in value],
        "mask": lambda value: [CLASSES["mask"][number] for number in set(value.flat)],
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
    assert all(len(SHOWN["words"](scene)) == len(ASKED["tags"](scene, 64)) for scene in SCENES)


def test_one_side_changes_nothing_of_another():
    before = SHOWN["captions"](SCENES[0]), SHOWN["audio"](SCENES[0]).samples.tobytes()
    for name in EXTRA:
        SHOWN[name](SCENES[0])
    assert (SHOWN["captions"](SCENES[0]), SHOWN["audio"](SCENES[0]).samples.tobytes()) == before
