"""Learned gates over the modalities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.layer.sample_weights import SampleWeights
from mmexp.pool.base import Pool


class GatedFusion(VectorFusion):
    """Fuse by learned softmax gates, one per modality and feature: ``sum_m g_m * tanh(W_m v_m)``.

    Source: Arevalo et al. 2017, "Gated Multimodal Units", https://arxiv.org/abs/1702.01992, eq. 3. Differs: the gates
    are a softmax over the M modalities that are present, which for two of them is the paper's sigmoid.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        temperature: Softmax temperature of the gates, unitless, > 0.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If temperature <= 0.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, temperature: float = 1.0) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if temperature <= 0:
            raise ValueError(f"GatedFusion: temperature must be positive, got {temperature}.")
        self.temperature = temperature
        count = len(self.modalities)
        self.value = nn.Parameter(torch.randn(count, dim, dim) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(count, dim))
        self.gate = nn.Linear(count * dim, count * dim)
        self.gates = SampleWeights()

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        values = torch.einsum("...md,mde->...me", vectors, self.value) + self.bias  # [..., M, D]
        gates: Tensor = self.gate(vectors.flatten(-2)).view(values.shape) / self.temperature
        gates = gates.float().masked_fill(~present.unsqueeze(-1), -1e9).softmax(-2)
        gates = self.gates(gates, present)
        return (gates * torch.tanh(values) * present.unsqueeze(-1)).sum(-2)  # [..., D]
