"""Tensor fusion."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.fusion.factor import FactorFusion
from mmexp.pool.base import Pool


class TensorFusion(FactorFusion):
    """Fuse by the outer product of the modalities and a linear layer: ``C ([z_1; 1] x ... x [z_M; 1])``.

    Here ``z_m = W_m v_m + b_m``, and the 1 makes the products of fewer modalities part of it. The outer product has
    ``(width + 1)^M`` entries, so width is the largest for which ``entries`` suffice, at most D. C starts so that the 1
    counts as much as all of z.

    The last M - 1 modalities turn C into a linear layer, which the first goes through: the full outer product is never
    written, and the anchored form pays for C once for all positions.

    Source: Zadeh et al. 2017, "Tensor Fusion Network for Multimodal Sentiment Analysis",
    https://arxiv.org/abs/1707.07250, sec. 4.2, with one linear layer after it. Differs: z are linear projections.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        entries: Most entries of an outer product.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If entries < 2^M, which leaves no room for a feature of each modality.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, entries: int = 2048) -> None:
        count = len(modalities)
        if entries < 2**count:
            raise ValueError(
                f"TensorFusion: entries must be at least {2**count} for {count} modalities, got {entries}."
            )
        width = max(n for n in range(1, dim + 1) if (n + 1) ** count <= entries)
        super().__init__(dim=dim, modalities=modalities, pool=pool, width=width)
        start = F.pad(torch.full((width,), width**-0.5), (0, 1), value=1) * 0.5**0.5
        scale = reduce(outer, [start] * count).view(-1, width + 1, 1)
        self.core = nn.Parameter((torch.randn(*scale.shape[:2], dim) * scale).flatten(1))  # [S^(M - 1), S * D]

    def settle(self, factors: Tensor, present: Tensor) -> Tensor:
        return F.pad(factors * present, (0, 1), value=1)  # [m, ..., S]

    def product(self, factors: Tensor) -> Tensor:
        one = factors.new_ones(*factors.shape[1:-1], 1)
        layer = reduce(outer, factors.unbind() or (one,)) @ self.core
        return layer.view(*factors.shape[1:], self.dim)  # [..., S, D]

    def meet(self, own: Tensor, product: Tensor) -> Tensor:
        return own @ product


def outer(left: Tensor, right: Tensor) -> Tensor:
    """Every entry times every entry. [..., I], [..., J] -> [..., I * J]"""
    return (left.unsqueeze(-1) @ right.unsqueeze(-2)).flatten(-2)
