"""Cross entropy."""

from __future__ import annotations

from torch import Tensor

from mmexp.loss.base import ClassLoss


class CrossEntropyLoss(ClassLoss):
    """Compute the negative log-likelihood of the truth, ``-log p``; see ``ClassLoss`` for the weights of classes."""

    def penalty(self, log_probability: Tensor) -> Tensor:
        return -log_probability
