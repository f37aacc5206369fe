"""Sum by one weight per modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.fixed_weights import read_weights, renormalised
from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class WeightedFusion(VectorFusion):
    """Fuse by a sum with one weight per modality: ``sum_m w_m v_m``, learned or fixed.

    Learned: ``w = softmax(s)`` over those present, equal at the start. Fixed: the given weights, which sum to 1 over
    those present and are never trained. Additive: the weights depend on which modalities are present, never on what is
    in them.

    Source: Peters et al. 2018, "Deep Contextualized Word Representations", https://arxiv.org/abs/1802.05365, eq. 1,
    there over the layers of one encoder. Differs: over modalities, and without the factor of scale.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        fixed_weights: Weight by modality, such as ``{text: 2, image: 1}``, 1 of one that is not named; learned if None.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none with a weight is present.

    Raises:
        ValueError: If a fixed weight is of an unknown modality, negative or not finite, or all are 0.
    """

    fixed: Tensor

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        fixed_weights: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        given = None if fixed_weights is None else read_weights("WeightedFusion", self.modalities, fixed_weights)
        self.register_buffer("fixed", given)
        self.score = nn.Parameter(torch.zeros(len(self.modalities))) if given is None else None

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        return (self.weigh(present).unsqueeze(-1) * vectors).sum(-2)  # [..., D]

    def weigh(self, present: Tensor) -> Tensor:
        """Weight of each modality. bool [..., M] -> [..., M]"""
        if self.score is None:
            return renormalised(self.fixed, present)
        return self.score.float().masked_fill(~present, -1e9).softmax(-1) * present

    def weights(self) -> dict[str, float]:
        """Return the weight of each modality where all are present."""
        own = self.fixed if self.score is None else self.score
        every = torch.ones(len(self.modalities), dtype=torch.bool, device=own.device)
        return dict(zip(self.modalities, self.weigh(every).tolist(), strict=True))
