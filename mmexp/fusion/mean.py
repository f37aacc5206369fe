"""Average over the modalities."""

from __future__ import annotations

from torch import Tensor

from mmexp.fusion.vector import VectorFusion


class MeanFusion(VectorFusion):
    """Fuse by the mean of the modalities that are present: ``sum_m v_m / |present|``.

    Additive up to the number that is present; unlike a sum it keeps its scale when some are missing.

    Source: Feichtenhofer et al. 2016, "Convolutional Two-Stream Network Fusion for Video Action Recognition",
    https://arxiv.org/abs/1604.06573, eq. 1. Differs: divided by the number of modalities that are present.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return vectors.sum(-2) / present.sum(-1, keepdim=True).clamp(min=1)
