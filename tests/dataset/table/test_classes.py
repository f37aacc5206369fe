from __future__ import annotations

from mmexp.dataset.kind.kinds import standard
from mmexp.dataset.table.classes import classes_in

KINDS = standard()


def test_classes_are_the_values_the_members_of_lists_and_the_categories_of_objects():
    label, tags, objects = KINDS["label"], KINDS["tags"], KINDS["objects"]
    assert classes_in(label, ["b", "a", "b"]) == ["a", "b"] and classes_in(label, [2, 1]) == [1, 2]
    assert classes_in(tags, [["O", "B-x"], ["O"]]) == ["B-x", "O"]
    assert classes_in(objects, [[{"category": "b"}, {"category": "a"}], []]) == ["a", "b"]


def test_prose_and_numbers_have_no_classes():
    values = {"captions": [["a"]], "transcript": ["a"], "score": [1.0], "dialogue": ["so"], "anomaly": [0, 1]}
    assert not any(classes_in(KINDS[name], given) for name, given in values.items())
    assert classes_in(KINDS.of_target("price"), [1.5, 2]) == []


def test_one_class_of_several_types_counts_once_and_symbols_stay_apart():
    assert classes_in(KINDS["label"], ["1", 1, " 0"]) == [0, 1]
    assert classes_in(KINDS["items"], [["1"], ["1.0"]]) == ["1", "1.0"]
