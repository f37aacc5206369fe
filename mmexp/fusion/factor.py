"""Fusions that multiply: each vector becomes a factor, and the context's factors are multiplied once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool


class FactorFusion(VectorFusion):
    """Fuse by multiplication: project each vector to a factor, ``f_m = W_m v_m + b_m``, and multiply them.

    In the anchored form the others are the context, so that what an anchor position costs does not grow with M.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        width: Width K of a factor.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, width: int) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        self.width = width
        self.weight = nn.Parameter(torch.randn(len(self.modalities), dim, width) * dim**-0.5)
        self.bias = nn.Parameter(torch.zeros(len(self.modalities), width))

    @abstractmethod
    def meet(self, own: Tensor, product: Tensor) -> Tensor:
        """Let N first factors meet the product of the others. [..., N, K], what ``product`` gives -> [..., N, D]"""

    def product(self, factors: Tensor) -> Tensor:
        """All that the first factor must know of the others. [M - 1, ..., K] -> [..., 1, K]"""
        one = factors.new_ones(factors.shape[1:])
        return reduce(torch.mul, factors.unbind() or (one,)).unsqueeze(-2)

    def settle(self, factors: Tensor, present: Tensor) -> Tensor:
        """Last touch, such as what an absent modality counts as. [m, ..., K], bool [m, ..., 1] -> [m, ..., K]"""
        return factors

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        factors = self.factors(vectors, present, 0)
        return self.meet(factors[0].unsqueeze(-2), self.product(factors[1:])).squeeze(-2)

    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]:
        others = self.modalities[1:]
        nothing = self.weight.new_zeros(1, len(others), self.dim), self.weight.new_zeros(1, len(others)).bool()
        product = self.product(self.factors(*(self.gather(context, others) if context else nothing), 1))

        def fuse(anchor: Tokens) -> Tokens:
            own = self.factors(anchor.features.unsqueeze(2), anchor.mask.unsqueeze(2), 0)[0]  # [B, N, K]
            return Tokens(anchor.features + self.meet(own, product), anchor.mask)

        return fuse

    def factors(self, vectors: Tensor, present: Tensor, first: int) -> Tensor:
        """Factors of some modalities, from slot ``first`` on. [..., m, D], bool [..., m] -> [m, ..., K]"""
        *places, count, _ = vectors.shape
        some = slice(first, first + count)
        rows = vectors.flatten(0, -3).transpose(0, 1)  # [m, R, D]
        factors = torch.baddbmm(self.bias[some, None], rows, self.weight[some]).view(count, *places, self.width)
        return self.settle(factors, present.movedim(-1, 0).unsqueeze(-1))
