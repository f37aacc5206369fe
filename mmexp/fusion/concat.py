"""Concatenation."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class ConcatFusion(VectorFusion):
    """Fuse by concatenation and one hidden layer: ``W2 gelu(W1 [v_1; ...; v_M])``; without one, ``W [v_1; ...; v_M]``.

    Source: Ngiam et al. 2011, "Multimodal Deep Learning", the shared representation of sec. 3.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        hidden: Width of the hidden layer, 2 D if None; 0 leaves it out: one linear map.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If hidden < 0.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        hidden: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if hidden is not None and hidden < 0:
            raise ValueError(f"ConcatFusion: hidden must be 0 or more, got {hidden}.")
        width, hidden = len(self.modalities) * dim, 2 * dim if hidden is None else hidden
        self.mix = mlp(width, hidden, dim, dropout) if hidden else nn.Linear(width, dim)

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return self.mix(vectors.flatten(-2))  # type: ignore[no-any-return]


def mlp(width: int, hidden: int, dim: int, dropout: float) -> nn.Sequential:
    """Make two linear maps with one hidden layer between them. [..., width] -> [..., dim]"""
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dim))
