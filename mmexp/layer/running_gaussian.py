"""What is usual, as a normal distribution that follows the training."""

from __future__ import annotations

from typing import Self

import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmexp.layer.gather import gather

PACE = 0.05  # least weight of a new batch
FLOOR = 1e-6  # of a variance


class RunningGaussian(nn.Module):
    """Track mean and covariance of vectors over batches: uniformly at first, then exponentially.

    The covariance is the mean of those within batches, so that what moves while it is learnt is not taken to be wide.

    Source: the running statistics of Ioffe and Szegedy 2015, "Batch Normalization", https://arxiv.org/abs/1502.03167,
    section 3.1, of whole vectors. Differs: batch n has weight 1 / n, at least 5 %.

    Args:
        width: Numbers D of a vector.
        shrinkage: Fraction of the mean variance that is added to every variance, so that a distance is defined however
            few vectors were seen.
    """

    count: Tensor
    mean: Tensor
    covariance: Tensor
    inverse: Tensor

    def __init__(self, width: int, shrinkage: float = 1e-4) -> None:
        super().__init__()
        self.shrinkage = shrinkage
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("covariance", torch.eye(width))
        self.register_buffer("inverse", torch.eye(width), persistent=False)

    def train(self, mode: bool = True) -> Self:
        """Keep the inverse of the covariance's factor for a graph, which cannot compute it, once nothing is learned."""
        super().train(mode)
        if not mode:
            eye = torch.eye(self.mean.shape[0], device=self.mean.device)
            self.inverse = torch.linalg.solve_triangular(self._factor(), eye, upper=False)
        return self

    @torch.no_grad()
    def update(self, vectors: Tensor) -> None:
        """Add one batch, of all processes; a single vector has no covariance and is left out. [B, D]"""
        if dist.is_initialized():
            vectors, _ = gather(vectors)
        if len(vectors) < 2:
            return
        self.count += 1
        share = (1 / self.count).clamp(min=PACE)
        centre = vectors.mean(0)
        self.mean.lerp_(centre, share)
        self.covariance.lerp_((vectors - centre).T @ (vectors - centre) / (len(vectors) - 1), share)

    @torch.no_grad()
    def distance(self, vectors: Tensor) -> Tensor:
        """Compute the Mahalanobis distance of vectors from the mean, in standard deviations. [B, D] -> [B]"""
        apart = (vectors - self.mean).T  # [D, B]
        if torch.compiler.is_exporting():
            return (self.inverse @ apart).square().sum(0).sqrt()
        white: Tensor = torch.linalg.solve_triangular(self._factor(), apart, upper=False)
        return white.square().sum(0).sqrt()

    @torch.no_grad()
    def _factor(self) -> Tensor:
        """Return the Cholesky factor of the covariance, with what makes it one of full rank. [D, D]"""
        ridge = self.shrinkage * self.covariance.diagonal().mean() + FLOOR
        whole = self.covariance + ridge * torch.eye(self.mean.shape[0], device=self.mean.device)
        return torch.linalg.cholesky_ex(whole).L  # type: ignore[no-any-return]

    @torch.no_grad()
    def standardise(self, vectors: Tensor) -> Tensor:
        """Standardise each number by its own mean and deviation. [B, D]"""
        return (vectors - self.mean) / (self.covariance.diagonal() + FLOOR).sqrt()
