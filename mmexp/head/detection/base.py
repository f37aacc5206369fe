"""The head of a detector: from a grid of fused tokens to boxes with scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from mmexp.contract import Outputs, Padded


@dataclass(frozen=True)
class DetectionTargets:
    """The objects to find in what is seen of each picture.

    Args:
        boxes: Corners, in shares of what is seen. [B, K, 4]
        classes: Their numbers. [B, K]
        known: Rows whose objects are known. [B]
    """

    boxes: Padded
    classes: Tensor
    known: Tensor


class Detector(nn.Module, ABC):
    """One way to answer with P boxes, each with a score for each of C classes."""

    @abstractmethod
    def forward(self, grid: Tensor) -> Outputs:
        """Fused tokens [B, D, h, w] -> ``boxes``, corners in shares [B, P, 4], ``scores`` [B, P, C], and its own."""

    @abstractmethod
    def losses(self, outputs: Outputs, goals: DetectionTargets) -> dict[str, Tensor]:
        """Scalars that are summed and minimised, by name."""
