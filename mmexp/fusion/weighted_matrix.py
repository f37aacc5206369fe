"""Attention of modalities to modalities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.vector import VectorFusion
from mmexp.layer.sample_weights import SampleWeights
from mmexp.pool.base import Pool


class WeightedMatrixFusion(VectorFusion):
    """Fuse by attention of modalities to modalities: ``sum_k a[k, k] v_k``.

    ``a[k, k'] = softmax over k' of (V_k . Q_k' + b_k')``, with the query ``Q_k' = W_k' v_k'`` of what modality k' holds
    and a learned vector ``V_k`` of what modality k looks for. The full form mixes all: ``sum_k sum_k' a[k, k'] v_k'``.

    Source: Hori et al. 2017, "Attention-Based Multimodal Fusion for Video Description",
    https://arxiv.org/abs/1701.03126, which weighs modalities by a softmax, is the nearest. Differs: a row of weights
    for each modality, asked for by a learned vector where they ask by the state of a decoder; scores are dot products
    without a tanh. The bias belongs to k', because one of k would cancel in the softmax.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        full: Whether to mix by the whole matrix instead of its diagonal.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, full: bool = False) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        self.full = full
        count = len(self.modalities)
        self.query = nn.Parameter(torch.randn(count, dim, dim) * dim**-0.5)
        self.value = nn.Parameter(torch.randn(count, dim) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(count))
        self.sample_weights = SampleWeights()

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        matrix = self.matrix(vectors, present)  # [..., M, M]
        totals = matrix.sum(-2) if self.full else matrix.diagonal(dim1=-2, dim2=-1)
        weights: Tensor = self.sample_weights(totals, present)  # [..., M]
        return (weights.unsqueeze(-1) * vectors).sum(-2)  # [..., D]

    def matrix(self, vectors: Tensor, present: Tensor) -> Tensor:
        """Weights a[k, k']; rows and columns of what is absent are zero. -> [..., M, M]"""
        queries = torch.einsum("...md,mde->...me", vectors, self.query)  # [..., M, D]
        scores = torch.einsum("kd,...md->...km", self.value, queries) + self.bias  # [..., M, M]
        both = present.unsqueeze(-1) & present.unsqueeze(-2)
        return scores.float().masked_fill(~present.unsqueeze(-2), -1e9).softmax(-1) * both
