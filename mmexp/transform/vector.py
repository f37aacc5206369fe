"""Numbers to float tensors: one vector per sample, or a sequence of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmexp.contract import Padded
from mmexp.error import DataError
from mmexp.transform.base import Transform, pad, stack


class VectorTransform(Transform):
    """Shift and scale numbers, and add noise while training. ``(x - mean) / std``; nothing changes by default.

    Args:
        width: Numbers F per vector.
        max_length: Vectors per sample at most, a longer sequence is cut at the end; None for a single vector.
        mean: Taken from every number, or one for each of the F.
        std: What is left is divided by it, or by one for each of the F.
        noise: Standard deviation of the white noise added while training, in units of ``std``.

    Shape:
        numbers [F] or [L, F] -> float32 [F] or [L, F].

    Raises:
        ValueError: If width or max_length is not positive, mean or std has another width, std is not positive or
            noise is negative.
    """

    def __init__(
        self,
        *,
        width: int,
        max_length: int | None = None,
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        noise: float = 0.0,
    ) -> None:
        for name, count in {"width": width, "max_length": max_length}.items():
            if count is not None and count < 1:
                raise ValueError(f"VectorTransform: {name} must be positive, got {count}.")
        self.width, self.max_length, self.noise = width, max_length, noise
        self.mean, self.std = np.asarray(mean, np.float32), np.asarray(std, np.float32)
        for name, value in {"mean": self.mean, "std": self.std}.items():
            if value.shape not in ((), (width,)):
                raise ValueError(f"VectorTransform: {name} must be one number or {width}, got {value.size}.")
        if noise < 0:
            raise ValueError(f"VectorTransform: noise must be at least 0, got {noise}.")
        if not (self.std > 0).all():
            raise ValueError(f"VectorTransform: std must be positive, got {self.std.min()}.")

    @property
    def limit(self) -> str:  # type: ignore[override]
        return "max_length" if self.max_length else ""

    def length(self, raw: Any) -> int:
        return len(raw)

    def prepare(self, raw: Any) -> np.ndarray:
        """Check and scale the numbers of one sample.

        Raises:
            DataError: If they are no numbers, or not of this width and form.
        """
        try:
            numbers = np.asarray(raw, np.float32)
        except (TypeError, ValueError):
            raise DataError(f"vector must be {self.width} numbers, got {str(raw)[:40]!r}.") from None
        wanted = "[L, F]" if self.max_length else "[F]"
        if numbers.ndim != (2 if self.max_length else 1) or numbers.shape[-1] != self.width:
            raise DataError(f"vector must be {wanted} with F = {self.width}, got {list(numbers.shape)}.")
        kept = numbers[: self.max_length] if self.max_length else numbers
        return np.asarray((kept - self.mean) / self.std, np.float32)

    def augment(self, prepared: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        if not self.noise:
            return prepared
        return np.asarray(prepared + self.noise * generator.standard_normal(prepared.shape), np.float32)

    def collate(self, items: Sequence[np.ndarray | None]) -> Padded:
        tensors = [None if item is None else torch.from_numpy(item) for item in items]
        return pad(tensors, width=(self.width,)) if self.max_length else stack(tensors, torch.zeros(self.width))
