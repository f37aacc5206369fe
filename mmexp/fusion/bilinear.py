"""Factorised bilinear pooling."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.factor import FactorFusion
from mmexp.pool.base import Pool

SOFTNESS = 0.01  # where the signed square root bends into a line, so that its slope at 0 is 10
EPS = 1e-4


class BilinearFusion(FactorFusion):
    """Fuse by factorised bilinear pooling: ``norm(root(sum_r prod_m f_mr))`` over R projections of each modality.

    ``root`` keeps the sign and takes the square root of the size; ``norm`` gives each vector the length ``sqrt(D)``.

    Source: Yu et al. 2017, "Multi-modal Factorized Bilinear Pooling with Co-Attention Learning",
    https://arxiv.org/abs/1708.01471, sec. 3; the sum over R is also that of Ben-Younes et al. 2017, "MUTAN",
    https://arxiv.org/abs/1705.06676, sec. 3. Differs: more than two modalities are all multiplied, absent ones counting
    as ones; the root is ``x / sqrt(|x| + 0.01)``, whose slope at 0 is finite; the length is not 1, which would leave
    each feature small; no dropout.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        rank: Products R that are summed to one feature.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If rank < 1.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str], pool: Pool, rank: int = 4) -> None:
        if rank < 1:
            raise ValueError(f"BilinearFusion: rank must be at least 1, got {rank}.")
        super().__init__(dim=dim, modalities=modalities, pool=pool, width=rank * dim)

    def settle(self, factors: Tensor, present: Tensor) -> Tensor:
        return factors.masked_fill(~present, 1)

    def meet(self, own: Tensor, product: Tensor) -> Tensor:
        pooled = (own * product).view(*own.shape[:-1], -1, self.dim).sum(-2).float()  # [..., N, D]
        return F.rms_norm(pooled / (pooled.abs() + SOFTNESS).sqrt(), (self.dim,), eps=EPS)
