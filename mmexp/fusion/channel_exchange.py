"""Channel exchange."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.fusion.vector import VectorFusion
from mmexp.pool.base import Pool

START = 0.1  # of the scales that are to shrink


class ChannelExchangeFusion(VectorFusion):
    """Fuse by channel exchange: in one network, a channel with a small scale takes the mean of other modalities.

    A layer is ``x_m + gelu(exchange(gamma_m * norm(W x_m) + beta_m))``. A penalty makes the scales gamma of a part of
    the channels small, another part for each modality; where ``|gamma_mc| < threshold``, channel c of modality m
    becomes the mean of the other modalities that are present. The outputs are weighed by a learned softmax.

    Source: Wang et al. 2020, "Deep Multimodal Fusion by Channel Exchanging", https://arxiv.org/abs/2011.05005,
    sec. 3. Differs: vectors, not feature maps; the norm is over the channels of one vector, without statistics of a
    batch; residual layers; the scales that are to shrink start at 0.1, so that short trainings come to exchange.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; M of them.
        pool: How tokens become a vector.
        depth: Layers.
        threshold: Size of gamma below which a channel is exchanged, unitless.
        sparsity: Weight of the penalty, the sum of the sizes of the scales that are to shrink.

    Shape:
        vectors [..., M, D], present [..., M] -> [..., D].

    Raises:
        ValueError: If depth < 1, or threshold or sparsity is negative.
    """

    def __init__(
        self,
        *,
        dim: int,
        modalities: Sequence[str],
        pool: Pool,
        depth: int = 2,
        threshold: float = 0.02,
        sparsity: float = 0.001,
    ) -> None:
        super().__init__(dim=dim, modalities=modalities, pool=pool)
        if depth < 1:
            raise ValueError(f"ChannelExchangeFusion: depth must be at least 1, got {depth}.")
        for name, value in (("threshold", threshold), ("sparsity", sparsity)):
            if value < 0:
                raise ValueError(f"ChannelExchangeFusion: {name} must not be negative, got {value}.")
        self.sparsity = sparsity
        self.layers = nn.ModuleList(ExchangeLayer(len(self.modalities), dim, threshold) for _ in range(depth))
        self.logits = nn.Parameter(torch.zeros(len(self.modalities)))

    def combine(self, vectors: Tensor, present: Tensor) -> Tensor:
        there = present.unsqueeze(-1)  # [..., M, 1]
        for layer in self.layers:
            vectors = layer(vectors, there)
        weights = self.logits.float().masked_fill(~present, -1e9).softmax(-1).unsqueeze(-1)  # [..., M, 1]
        return (weights * vectors * there).sum(-2)

    def penalties(self) -> dict[str, Tensor]:
        return {"sparsity": self.sparsity * torch.stack([layer.size() for layer in self.layers]).sum()}  # type: ignore[operator]

    def weights(self) -> dict[str, float]:
        return dict(zip(self.modalities, self.logits.detach().softmax(0).tolist(), strict=True))


class ExchangeLayer(nn.Module):
    """Apply a shared linear layer, private norms and the exchange. [..., M, D], bool [..., M, 1] -> [..., M, D]"""

    part: Tensor

    def __init__(self, count: int, dim: int, threshold: float) -> None:
        super().__init__()
        self.shape, self.threshold = (count, dim), threshold
        part = torch.arange(dim) * count // dim == torch.arange(count)[:, None]  # [M, D]
        self.register_buffer("part", part & (count > 1), persistent=False)
        self.linear = nn.Linear(dim, dim)
        self.gamma = nn.Parameter(torch.where(self.part, START, 1.0).flatten())
        self.beta = nn.Parameter(torch.zeros(count * dim))

    def size(self) -> Tensor:
        """Sum of the sizes of the scales that are to shrink."""
        return (self.gamma.view(self.shape) * self.part).abs().sum()

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor:
        gamma = self.gamma.view(self.shape)
        normed = F.layer_norm(self.linear(vectors).float(), self.shape[1:])
        own = (normed * gamma + self.beta.view(self.shape)) * present
        others = (present.sum(-2, keepdim=True) - present.int()) * present  # [..., M, 1]
        mean = (own.sum(-2, keepdim=True) - own) / others.clamp(min=1)
        swap = self.part & (gamma.abs() < self.threshold) & (others > 0)
        return vectors + F.gelu(torch.where(swap, mean, own))
