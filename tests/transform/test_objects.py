from __future__ import annotations

from mmexp.transform.label import UNSEEN
from mmexp.transform.objects import ObjectsTransform

CAT, COW = {"category": "cat", "bbox": [1, 2, 3, 4]}, {"category": "cow", "bbox": [0, 0, 5.5, 1]}


def test_boxes_are_given_by_corners_and_categories_by_their_place():
    transform = ObjectsTransform(classes=["ant", "cat"])
    objects = transform.collate([transform.prepare(raw) for raw in ([CAT, COW], [CAT])])
    assert objects.boxes.values.tolist() == [[[1, 2, 4, 6], [0, 0, 5.5, 1]], [[1, 2, 4, 6], [0, 0, 0, 0]]]
    assert objects.boxes.mask.tolist() == [[True, True], [True, False]]
    assert objects.classes[0].tolist() == [1, UNSEEN] and objects.raw == [[CAT, COW], [CAT]]


def test_no_objects_are_something_else_than_unknown_ones():
    transform = ObjectsTransform(classes=["cat"])
    objects = transform.collate([transform.prepare([]), None])
    assert objects.raw == [[], None] and not objects.boxes.mask.any() and objects.boxes.values.shape == (2, 1, 4)
