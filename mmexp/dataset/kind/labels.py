"""Class labels, any number per sample."""

from __future__ import annotations

from mmexp.dataset.kind.base import Kind


class LabelsKind(Kind):
    """Classes, as a list of str or int; an empty list means that none applies."""

    targets = {"labels": ("labels",)}
    order = 120
    many = True
    may_be_empty = True
