"""Focal loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from torch import Tensor

from mmexp.loss.base import ClassLoss


class FocalLoss(ClassLoss):
    """Compute ``-(1 - p)^gamma log p`` of the truth: what is right already counts less.

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", https://arxiv.org/abs/1708.02002, eqs. 4 and 5.
    Differs: also with a softmax; alpha of a class is its weight, and 1 where it does not apply.

    Args:
        gamma: How much less; 0 is cross entropy.
        weights: ``balanced``, or by class, 1 for one that is not named; None weighs all the same.
        counts: Class and number of its labels in the training split, in pairs.

    Raises:
        ValueError: If gamma is negative, weights are neither, or one is not positive.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        weights: Literal["balanced"] | Mapping[str, float] | None = None,
        counts: Sequence[Sequence[Any]] = (),
    ) -> None:
        super().__init__(weights=weights, counts=counts)
        if gamma < 0:
            raise ValueError(f"FocalLoss: gamma must be at least 0, got {gamma}.")
        self.gamma = gamma

    def penalty(self, log_probability: Tensor) -> Tensor:
        wrong = -log_probability.expm1()  # 1 - p
        return -(wrong.clamp(min=1e-12) ** self.gamma) * log_probability  # below 1, a power has no slope at 0
