"""Feature-wise linear modulation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class FilmFusion(VectorFusion):
    """Fuse by feature-wise linear modulation: the others scale and shift the first, ``(1 + s) * v_1 + t``.

    ``[s; t] = sum_m W_m v_m + b`` over the other modalities. The order of the inputs counts: the first is modulated.

    Source: Perez et al. 2018, "FiLM: Visual Reasoning with a General Conditioning Layer",
    https://arxiv.org/abs/1709.07871, eq. 1 and 2, with 1 + s for their scale as they do. Differs: several others add
    up what they ask for, and where none is present the first vector passes unchanged; where the first is missing, the
    shift alone is left. It is one modulation of a vector, without the convolutions and the ReLU around it.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        count = len(self.modalities)
        self.weight = nn.Parameter(torch.randn(count - 1, dim, 2 * dim) * (count * dim) ** -0.5)
        self.bias = nn.Parameter(torch.zeros(2 * dim))

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        first, others = vectors[..., 0, :], vectors[..., 1:, :]
        asked = others.flatten(-2) @ self.weight.flatten(0, 1) + self.bias  # [..., 2 D]
        scale, shift = (asked * present[..., 1:].any(-1, keepdim=True)).chunk(2, -1)
        return (1 + scale) * first + shift  # [..., D]
