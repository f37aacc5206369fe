"""F1 that is undefined, not zero, where there is nothing to find."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torchmetrics.classification import BinaryF1Score, MultilabelF1Score


class BinaryF1(BinaryF1Score):
    """Compute F1 of the positive class; NaN if no sample is of it."""

    def __init__(self) -> None:
        super().__init__(validate_args=False)

    def compute(self) -> Tensor:
        """Score in [0, 1] or NaN."""
        positives = torch.as_tensor(self.tp) + torch.as_tensor(self.fn)
        return super().compute() if bool(positives) else torch.full((), math.nan, device=self.device)


class MultilabelMacroF1(MultilabelF1Score):
    """Average F1 over the labels that a sample has or is given; NaN if there are none.

    torchmetrics and scikit-learn count a label that is nowhere as 0; in F1 of classes torchmetrics leaves it out too.

    Args:
        num_labels: Labels L.
    """

    def __init__(self, num_labels: int) -> None:
        super().__init__(num_labels, average="none", validate_args=False, zero_division=math.nan)

    def compute(self) -> Tensor:
        """Score in [0, 1] or NaN."""
        return super().compute().nanmean()
