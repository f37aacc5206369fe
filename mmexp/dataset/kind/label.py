"""Class labels, one per sample."""

from __future__ import annotations

from mmexp.dataset.kind.base import Kind


class LabelKind(Kind):
    """One class, as str or int."""

    targets = {"label": ("label",)}
    order = 110
    scalar = True
