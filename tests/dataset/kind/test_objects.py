from __future__ import annotations

import math
from typing import Any

import pytest

from mmexp.dataset.kind.image import ImageKind
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.objects import ObjectsKind, read_objects
from mmexp.dataset.table.rows import Fields, Row


def test_objects_keep_category_and_box_alone_and_there_may_be_none():
    given = [{"category": "cat", "bbox": [0, 1.5, 2, 3], "segmentation": [[1]], "id": 7}]
    assert read_objects(given) == [{"category": "cat", "bbox": [0, 1.5, 2, 3]}]
    assert read_objects([]) == [] and read_objects('[{"category": "a", "bbox": [1, 2, 3, 4]}]')[0]["category"] == "a"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("cat", "must be a list of objects, got 'cat'"),
        ([{"bbox": [0, 0, 1, 1]}], "must have a category, a text, for each"),
        ([{"category": 3, "bbox": [0, 0, 1, 1]}], "must have a category, a text, for each"),
        (["cat"], "must have a category, a text, for each, got cat"),
        (
            [{"category": "a", "bbox": [0, 0, 1]}],
            r"must have a bbox of four numbers \[x, y, w, h\] for each, got \[0, 0, 1\]",
        ),
        ([{"category": "a", "bbox": [0, 0, True, 1]}], "must have a bbox of four numbers"),
        ([{"category": "a", "bbox": [0, 0, 0, 1]}], "finite numbers and a positive width and height"),
        ([{"category": "a", "bbox": [0, math.nan, 2, 1]}], "finite numbers and a positive width and height"),
    ],
)
def test_an_object_without_a_name_or_a_proper_box_is_refused(value: Any, rule: str):
    with pytest.raises(ValueError, match=rule):
        read_objects(value)


@pytest.mark.parametrize(
    ("box", "fits"),
    [
        ([0, 0, 8, 6], True),
        ([0.5, -0.9, 8, 6], True),
        ([-2, 0, 3, 3], False),
        ([3, 3, 6.5, 1], False),
        ([3, 3, 1, 5], False),
    ],
)
def test_boxes_lie_in_the_image_give_or_take_a_pixel(box: list[float], fits: bool):
    objects = [{"category": "a", "bbox": box}]
    fields = Fields({"image": ImageKind()}, {"objects": ObjectsKind()})
    row = Row("a", "m:1", {"image": "i.png"}, {"objects": objects}, fields)
    found = {("image", "i.png"): Inspection(facts={"shape": (6, 8)})}
    if fits:
        ObjectsKind().check("objects", objects, row, found)
    else:
        with pytest.raises(ValueError, match=r"must lie inside the image, 8x6, got bbox \["):
            ObjectsKind().check("objects", objects, row, found)


def test_categories_are_the_classes_and_no_object_is_a_value():
    assert list(ObjectsKind().members([{"category": "b"}, {"category": "a"}])) == ["b", "a"]
    assert ObjectsKind().read_target([]) == []
