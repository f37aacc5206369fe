"""Sum by learned weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class WeightedFusion(VectorFusion):
    """Fuse by a sum with one learned weight per modality: ``sum_m w_m v_m``, ``w = softmax(s)`` over those present.

    Additive: the weights depend on which modalities are present, never on what is in them. They start out equal.

    Source: Peters et al. 2018, "Deep Contextualized Word Representations", https://arxiv.org/abs/1802.05365, eq. 1,
    there over the layers of one encoder. Differs: over modalities, and without the factor of scale.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        self.score = nn.Parameter(torch.zeros(len(self.modalities)))

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        weights = self.score.float().masked_fill(~present, -1e9).softmax(-1) * present  # [..., M]
        return (weights.unsqueeze(-1) * vectors).sum(-2)  # [..., D]

    def weights(self) -> dict[str, float]:
        """Return the weight of each modality where all are present."""
        return dict(zip(self.modalities, self.score.softmax(0).tolist(), strict=True))
