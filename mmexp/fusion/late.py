"""Late fusion: a vote of the modalities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class LateFusion(VectorFusion):
    """Fuse late: an MLP per modality, then a weighted vote, ``sum_m w_m W2_m gelu(W1_m v_m)``.

    The learned weights ``w`` are a softmax over the modalities that are present. Additive: they do not depend on what
    is in the vectors, so a linear head on the sum is a weighted vote of M heads. The weights start out equal.

    Source: Snoek et al. 2005, "Early versus Late Fusion in Semantic Video Analysis". Differs: the deciders
    and their vote are trained together, and a vote is D features which the task's head reads.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        mlp_ratio: Hidden width of each modality's MLP over dim.
        dropout: Probability of dropping a hidden feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        mlp_ratio: float = 2.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        count, hidden = len(self.modalities), int(dim * mlp_ratio)
        self.up = nn.Parameter(torch.randn(count, dim, hidden) * dim**-0.5)
        self.up_bias = nn.Parameter(torch.zeros(count, hidden))
        self.down = nn.Parameter(torch.randn(count, hidden, dim) * hidden**-0.5)
        self.down_bias = nn.Parameter(torch.zeros(count, dim))
        self.score = nn.Parameter(torch.zeros(count))
        self.dropout = nn.Dropout(dropout)

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        hidden = F.gelu(torch.einsum("...md,mdh->...mh", vectors, self.up) + self.up_bias)  # [..., M, H]
        votes = torch.einsum("...mh,mhd->...md", self.dropout(hidden), self.down) + self.down_bias  # [..., M, D]
        weights = self.score.float().masked_fill(~present, -1e9).softmax(-1) * present  # [..., M]
        return (weights.unsqueeze(-1) * votes).sum(-2)  # [..., D]

    def weights(self) -> dict[str, float]:
        """Return the weight of each modality's vote where all are present."""
        return dict(zip(self.modalities, self.score.softmax(0).tolist(), strict=True))
