"""One label or several to class numbers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mmexp.transform.label import LabelTransform


class AttributesTransform(LabelTransform):
    """Mark which classes a sample has; a label that is no list is a list of one.

    Args:
        classes: The training split's values; place i is class i.
    """

    def __init__(self, *, classes: list[Any]) -> None:
        super().__init__(classes=classes, multilabel=True)

    def prepare(self, raw: Any) -> tuple[Any, Tensor]:
        return super().prepare(list(raw) if isinstance(raw, list | tuple) else [raw])
