"""Plain sum."""

from __future__ import annotations

from torch import Tensor

from mmexp.fusion.vector import VectorFusion


class SumFusion(VectorFusion):
    """Fuse by the sum: ``sum_m v_m``.

    Additive: a linear head on it gives a sum of one function per modality, which no interaction can hide in.

    Source: Feichtenhofer et al. 2016, "Convolutional Two-Stream Network Fusion for Video Action Recognition",
    https://arxiv.org/abs/1604.06573, eq. 1.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].
    """

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return vectors.sum(-2)
