"""Objects in an image: category and box each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.image import ImageKind, size
from mmexp.dataset.kind.inspection import File, Inspection, Neighbours

SLACK = 1.0  # pixels by which a box may stick out, since boxes are rounded
_BOX = 4  # numbers


class ObjectsKind(Kind):
    """Objects, as a list of {"category", "bbox": [x, y, w, h] in pixels}; there may be none."""

    targets = {"objects": ("objects",)}
    order = 160
    may_be_empty = True

    def check_target(self, value: Any) -> list[dict[str, Any]]:
        return read_objects(value)

    def check(self, name: str, value: Any, row: Neighbours, inspected: Mapping[File, Inspection]) -> None:
        """Make sure that every box lies inside the image."""
        shape = row.shape_of(ImageKind, inspected)
        outside = [one["bbox"] for one in value if shape and not _inside(one["bbox"], shape)]
        if shape and outside:
            raise ValueError(f"must lie inside the image, {size(shape)}, got bbox {outside[0]}")

    def members(self, value: Any) -> Iterable[Any]:
        return [one["category"] for one in value]


def read_objects(value: Any) -> list[dict[str, Any]]:
    """Check a list of objects and keep the ``category`` and ``bbox`` [x, y, w, h] of each; there may be none.

    Raises:
        ValueError: If one lacks a category, or four finite numbers with a positive width and height.
    """
    given = parse(value)
    if not isinstance(given, list):
        raise ValueError(f"must be a list of objects, got {value!r}")
    return [_object(one) for one in given]


def _object(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping) or not isinstance(one.get("category"), str) or not one["category"].strip():
        raise ValueError(f"must have a category, a text, for each, got {str(one)[:60]}")
    box = one.get("bbox")
    if not isinstance(box, list) or len(box) != _BOX or any(type(side) not in (int, float) for side in box):
        raise ValueError(f"must have a bbox of four numbers [x, y, w, h] for each, got {box!r}")
    if not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise ValueError(f"must have a bbox with finite numbers and a positive width and height, got {box!r}")
    return {"category": one["category"].strip(), "bbox": box}


def _inside(box: Sequence[float], shape: tuple[int, ...]) -> bool:
    x, y, width, height = box
    return min(x, y) >= -SLACK and x + width <= shape[1] + SLACK and y + height <= shape[0] + SLACK
