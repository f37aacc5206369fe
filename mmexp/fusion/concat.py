"""Concatenation."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class ConcatFusion(VectorFusion):
    """Fuse by concatenation and one hidden layer: ``W2 gelu(W1 [v_1; ...; v_M])``.

    Source: Ngiam et al. 2011, "Multimodal Deep Learning", the shared representation of sec. 3.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, dropout: float = 0.0) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        width = len(self.modalities) * dim
        self.mix = nn.Sequential(nn.Linear(width, 2 * dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * dim, dim))

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return self.mix(vectors.flatten(-2))  # type: ignore[no-any-return]
