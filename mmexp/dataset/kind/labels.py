"""Class labels, any number per sample."""

from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.label import read_class


class LabelsKind(Kind):
    """Classes, as a list of str or int; an empty list means that none applies."""

    targets = {"labels": ("labels",)}
    order = 120
    many = True
    may_be_empty = True

    def check_target(self, value: Any) -> Any:
        return [read_class(item, fractions=True) for item in super().check_target(value)]
