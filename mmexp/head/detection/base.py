"""The head of a detector: from a grid of fused tokens to boxes with scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from mmexp.contract import Outputs, Padded


@dataclass(frozen=True)
class DetectionTargets:
    """Objects to find in the view of each image.

    Args:
        boxes: Corners, as fractions of the view. [B, K, 4]
        classes: Their numbers. [B, K]
        known: Rows whose objects are known. [B]
    """

    boxes: Padded
    classes: Tensor
    known: Tensor


class Detector(nn.Module, ABC):
    """Predict P boxes, each with a score for each of C classes."""

    @abstractmethod
    def forward(self, grid: Tensor) -> Outputs:
        """Fused tokens [B, D, h, w] -> ``boxes``, corners as fractions [B, P, 4], ``scores`` [B, P, C], and its own."""

    @abstractmethod
    def losses(self, outputs: Outputs, targets: DetectionTargets) -> dict[str, Tensor]:
        """Scalars that are summed and minimised, by name."""
