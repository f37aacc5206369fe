"""Compare a set of generated images with real ones by their features."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class Fidelity(Metric):
    """Compute the Frechet and the kernel distance between features of real and of generated images; 0 is best.

    ``fid`` compares mean and covariance. It is too high for few images, the more so the fewer, so compare it only
    between sets of one size. ``kid`` is right on average for any size, and may fall below 0. Both are of the scale of
    the features: what other features give cannot be compared. NaN for fewer than two images.

    Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", https://arxiv.org/abs/1706.08500, eq. 6;
    Binkowski et al. 2018, "Demystifying MMD GANs", https://arxiv.org/abs/1801.01401, section 4 (the cubic kernel).
    Differs: other features than Inception's; kid is computed over all images at once.

    Shape:
        real [B, F], generated [B, F].
    """

    full_state_update = False
    higher_is_better = False
    real: list[Tensor]
    generated: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("real", [], dist_reduce_fx="cat")
        self.add_state("generated", [], dist_reduce_fx="cat")

    def update(self, real: Tensor, generated: Tensor) -> None:
        """Add one batch."""
        self.real.append(real.detach().float())
        self.generated.append(generated.detach().float())

    def compute(self) -> dict[str, Tensor]:
        """``fid`` and ``kid``."""
        if not self.real or len(real := _rows(self.real)) < 2:
            return dict.fromkeys(("fid", "kid"), torch.tensor(torch.nan, device=self.device))
        generated = _rows(self.generated)
        both = {"fid": frechet(real, generated), "kid": kernel_distance(real, generated)}
        return {name: value.float().to(self.device) for name, value in both.items()}


def frechet(one: Tensor, other: Tensor) -> Tensor:
    """``|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`` of two sets. [N, F], [M, F] -> []"""
    first, second = (rows.T.cov().reshape(rows.shape[1], -1) for rows in (one, other))
    shared = torch.linalg.svdvals(_root(first) @ _root(second)).sum()  # the trace of the root of S1 S2
    distance: Tensor = (one.mean(0) - other.mean(0)).square().sum() + (first + second).trace() - 2 * shared
    return distance


def kernel_distance(one: Tensor, other: Tensor) -> Tensor:
    """Squared maximum mean discrepancy under ``(x y / F + 1)^3``, without bias. [N, F], [M, F] -> []"""
    return _others(one) + _others(other) - 2 * _kernel(one, other).mean()


def _rows(state: list[Tensor]) -> Tensor:
    return dim_zero_cat(state).cpu().double()


def _others(rows: Tensor) -> Tensor:
    """Mean of the kernel between different rows. [N, F] -> []"""
    kernel = _kernel(rows, rows)
    total: Tensor = kernel.sum() - kernel.trace()
    return total / (len(rows) * (len(rows) - 1))


def _kernel(one: Tensor, other: Tensor) -> Tensor:
    return (one @ other.T / one.shape[1] + 1) ** 3


def _root(spread: Tensor) -> Tensor:
    """The symmetric root of a covariance. [F, F] -> [F, F]"""
    values, vectors = torch.linalg.eigh(spread)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
