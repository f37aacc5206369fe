"""Lists of objects to boxes and class numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.label import UNSEEN


@dataclass(frozen=True)
class Objects:
    """The objects of a batch, as numbers and as the dataset gives them.

    Args:
        boxes: Corners (left, top, right, bottom), in pixels of the whole image. [B, K, 4]
        classes: The number of the category, UNSEEN for one that training never had. [B, K]
        raw: By sample, None where it is not known what there is.
    """

    boxes: Padded
    classes: Tensor
    raw: list[list[Mapping[str, Any]] | None]


class ObjectsTransform(Transform):
    """Number the category of each object by its place among the classes, and give its box by corners.

    Args:
        classes: The training split's categories; place i is class i.
        max_objects: Answers per image at most, beyond which an object cannot be found; None if there is no such limit.
    """

    def __init__(self, *, classes: Sequence[str], max_objects: int | None = None) -> None:
        self.max_objects = max_objects
        self.numbers = {name: number for number, name in enumerate(classes)}

    @property
    def limit(self) -> str:  # type: ignore[override]
        return "max_objects" if self.max_objects else ""

    def length(self, raw: Sequence[Mapping[str, Any]]) -> int:
        return len(raw)

    def prepare(self, raw: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], Tensor]:
        rows = [(*one["bbox"], self.numbers.get(one["category"], UNSEEN)) for one in raw]
        table = torch.tensor(rows, dtype=torch.float32).view(-1, 5)
        table[:, 2:4] += table[:, :2]
        return list(raw), table

    def collate(self, items: Sequence[tuple[list[Mapping[str, Any]], Tensor] | None]) -> Objects:
        table = pad([None if item is None else item[1] for item in items], width=(5,))  # [B, K, 5]
        boxes = Padded(table.values[..., :4], table.mask)
        return Objects(boxes, table.values[..., 4].long(), [None if item is None else item[0] for item in items])
