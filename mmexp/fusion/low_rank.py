"""Low-rank tensor fusion."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.fusion.factor import FactorFusion
from mmexp.pool.base import Pool


class LowRankFusion(FactorFusion):
    """Fuse by a tensor product of rank R: ``sum_r w_r prod_m W_mr [v_m; 1]``.

    It is tensor fusion whose weight tensor has rank R: linear in M where that is exponential. The appended 1 keeps all
    interactions, of one modality, of two, of M. Weights and biases start so that a factor has unit scale, half of it
    from the 1, and so has the product of any number of factors.

    Source: Liu et al. 2018, "Efficient Low-rank Multimodal Fusion with Modality-Specific Factors",
    https://arxiv.org/abs/1806.00064, sec. 3.2; w as in the authors' code.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        rank: Rank R of the weight tensor.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If rank < 1.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, rank: int = 4) -> None:
        if rank < 1:
            raise ValueError(f"LowRankFusion: rank must be at least 1, got {rank}.")
        super().__init__(dim=dim, modalities=modalities, pool=pool, width=rank * dim)
        with torch.no_grad():
            self.weight.mul_(0.5**0.5)
            self.bias.bernoulli_().sub_(0.5).mul_(2**0.5)
        self.mix = nn.Parameter(torch.full((rank, 1), rank**-0.5))

    def meet(self, own: Tensor, product: Tensor) -> Tensor:
        products = (own * product).view(*own.shape[:-1], -1, self.dim)  # [..., N, R, D]
        return (products * self.mix).sum(-2)
