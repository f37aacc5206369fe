"""Elementwise maximum."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.fusion.vector import VectorFusion


class MaxFusion(VectorFusion):
    """Fuse by the elementwise maximum over the modalities that are present: ``max_m v_m``.

    Source: Feichtenhofer et al. 2016, "Convolutional Two-Stream Network Fusion for Video Action Recognition",
    https://arxiv.org/abs/1604.06573, eq. 2.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        lowest = torch.finfo(vectors.dtype).min
        largest = vectors.masked_fill(~present.unsqueeze(-1), lowest).amax(-2)  # [..., D]
        return largest.masked_fill(~present.any(-1, keepdim=True), 0.0)
