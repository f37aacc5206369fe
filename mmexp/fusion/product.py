"""Elementwise product."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.fusion.vector import VectorFusion


class ProductFusion(VectorFusion):
    """Fuse by the elementwise product of the vectors that are present, each at unit scale: ``prod_m v_m / rms(v_m)``.

    Without the common scale a product of M vectors grows or vanishes with the power M. It still has longer tails than
    its factors have.

    Source: Antol et al. 2015, "VQA: Visual Question Answering", https://arxiv.org/abs/1505.00468, sec. 4.2, which
    multiplies the normalized image elementwise with the question. Differs: nothing is projected first, every vector is
    normalized, and to unit root mean square instead of unit length, so that the scale does not depend on D either.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D]; zero where none is present.
    """

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        factors = F.rms_norm(vectors.float(), (self.dim,), eps=1e-6).masked_fill(~present.unsqueeze(-1), 1.0)
        return reduce(torch.mul, factors.unbind(-2)) * present.any(-1, keepdim=True)  # [..., D]
