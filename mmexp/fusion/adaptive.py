"""Multimodal adaptation gate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.layer.sample_weights import SampleWeights
from mmexp.pool.base import Pool


class AdaptiveFusion(VectorFusion):
    """Fuse by a multimodal adaptation gate: shift the first vector by a bounded step, ``v_1 + a h``.

    ``h = sum_m relu(G_m [v_1; v_m] + c_m) * (W_m v_m) + b`` over the other modalities, and
    ``a = min(beta |v_1| / |h|, 1)``. The order of the inputs counts: the first is displaced.

    Source: Rahman et al. 2020, "Integrating Multimodal Information in Large Pretrained Transformers",
    https://arxiv.org/abs/1908.05787, its gate (MAG). Differs: no LayerNorm and dropout follow; where no other modality
    is present the first passes unchanged; where the first is missing nothing bounds the step, which is then the result.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        beta: Length of the step over that of the first vector, at most; unitless, > 0.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If beta <= 0.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, beta: float = 1.0) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if beta <= 0:
            raise ValueError(f"AdaptiveFusion: beta must be positive, got {beta}.")
        self.beta = beta
        others = len(self.modalities) - 1
        self.gate = nn.Parameter(torch.randn(others, 2 * dim, dim) * (2 * dim) ** -0.5)
        self.gate_bias = nn.Parameter(torch.zeros(others, dim))
        self.value = nn.Parameter(torch.randn(others, dim, dim) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(dim))
        self.gates = SampleWeights()

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        first, step = vectors[..., 0, :].float(), self.step(vectors, present[..., 1:]).float()
        reach, length = first.norm(dim=-1, keepdim=True), step.norm(dim=-1, keepdim=True)  # [..., 1]
        bound = (self.beta * reach / (length + 1e-6)).clamp(max=1)
        return first + torch.where(present[..., :1], bound, 1.0) * step  # [..., D]

    def step(self, vectors: Tensor, known: Tensor) -> Tensor:
        """Where the others would have the first go. [..., M, D], bool [..., M - 1] -> [..., D]"""
        others = vectors[..., 1:, :]
        pairs = torch.cat([vectors[..., :1, :].expand_as(others), others], -1)  # [..., M - 1, 2 D]
        opened = torch.relu(torch.einsum("...mi,mid->...md", pairs, self.gate) + self.gate_bias)
        gates: Tensor = self.gates(opened, known)
        moves = gates * torch.einsum("...md,mde->...me", others, self.value)  # [..., M - 1, D]
        return (moves * known.unsqueeze(-1)).sum(-2) + self.bias * known.any(-1, keepdim=True)
