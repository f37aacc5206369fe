"""Deep fusion: a residual network over all vectors at once."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class MlpFusion(VectorFusion):
    """Fuse by concatenation and a residual MLP: ``x + W2 gelu(W1 norm(x))``, ``depth`` times.

    ``x`` begins as a linear map of ``[v_1; ...; v_M]``; a last ``W norm(x)`` brings it back to D features.

    Source: Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data",
    https://arxiv.org/abs/2106.11959, the ResNet of sec. 3.2. Differs: LayerNorm and GELU replace BatchNorm and ReLU.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        depth: Residual blocks of two linear layers each, >= 1.
        mlp_ratio: Width H of all hidden layers over dim.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If depth < 1.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        depth: int = 3,
        mlp_ratio: float = 2.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if depth < 1:
            raise ValueError(f"MlpFusion: depth must be at least 1, got {depth}.")
        width = int(dim * mlp_ratio)
        self.mix = nn.Sequential(
            nn.Linear(len(self.modalities) * dim, width),
            *(ResidualBlock(width, dropout) for _ in range(depth)),
            nn.LayerNorm(width),
            nn.Linear(width, dim),
        )

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return self.mix(vectors.flatten(-2))  # type: ignore[no-any-return]


class ResidualBlock(nn.Sequential):
    """x + W2 gelu(W1 norm(x)). [..., H] -> [..., H]"""

    def __init__(self, width: int, dropout: float) -> None:
        first, second = nn.Linear(width, width), nn.Linear(width, width)
        super().__init__(nn.LayerNorm(width), first, nn.GELU(), nn.Dropout(dropout), second)

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)  # type: ignore[no-any-return, no-untyped-call]
