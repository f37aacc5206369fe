"""Which values of a batch an attack may change, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from mmexp.attack.base import Ball


@dataclass(frozen=True)
class Space:
    """Values of a batch.

    Args:
        values: As they are. float [B, ...]
        unit: How far epsilon 1 lets each value move; 0 of what must stay as it is. Broadcasts to the values.
        low: Smallest valid value. Broadcasts to the values.
        high: Largest valid value. Broadcasts to the values.
    """

    values: Tensor
    unit: Tensor
    low: Tensor
    high: Tensor

    def ball(self, epsilon: float) -> Ball:
        """Return what is within epsilon units."""
        return Ball(self.values, epsilon * self.unit, self.low, self.high)


def real(values: Tensor, mask: Tensor) -> Tensor:
    """Return which values are real, as a mask of as many axes. bool [B] or [B, L] -> [B, ...]"""
    return mask.view(*mask.shape, *[1] * (values.ndim - mask.ndim))
