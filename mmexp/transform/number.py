"""One number per sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.base import Transform, stack


class NumberTransform(Transform):
    """Read a number, as it is.

    Args:
        name: What it is, for messages.

    Shape:
        number -> float32 []; of a batch [B].
    """

    def __init__(self, *, name: str) -> None:
        self.name = name

    def prepare(self, raw: Any) -> Tensor:
        """Check one number.

        Raises:
            DataError: If it is none, or not finite.
        """
        try:
            value = float(raw)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise DataError(f"{self.name} must be a finite number, got {str(raw)[:40]!r}.")
        return torch.tensor(value)

    def collate(self, items: Sequence[Tensor | None]) -> Padded:
        return stack(items, torch.zeros(()))
