"""Normalisation that looks at each sample alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

GROUPS = 8


def group_norm(channels: int) -> nn.GroupNorm:
    """Normalise in 8 groups of channels, or as many as divide both.

    Unlike a batch norm it gives the same for any batch size and any number of processes.

    Source: Wu and He 2018, "Group Normalization", https://arxiv.org/abs/1803.08494. Differs: 8 groups, not 32.

    Example:
        >>> from mmexp.layer.norm import group_norm
        >>> group_norm(12).num_groups
        4
    """
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


class MaskedGroupNorm(nn.GroupNorm):
    """Normalise in groups of channels over the real frames of each sample, however far it is padded.

    Source: Wu and He 2018, "Group Normalization", https://arxiv.org/abs/1803.08494. Differs: padding does not count.

    Args:
        channels: Number C.

    Shape:
        [B, C, T, F], mask [B, T] -> [B, C, T, F], zero in the padding.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(math.gcd(GROUPS, channels), channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        real, groups = mask[:, None, :, None], (self.num_groups, -1)  # [B, 1, T, 1]
        x = x.float() * real
        count = (mask.sum(1) * x[0].numel() // mask.shape[1] // self.num_groups).clamp(min=1)[:, None, None]
        sums = torch.stack([x.sum((2, 3)), x.square().sum((2, 3))])  # [2, B, C]
        mean, square = sums.view(2, len(x), *groups).sum(3, keepdim=True) / count  # [B, G, 1] each
        scale = self.weight.view(groups) * torch.rsqrt((square - mean.square()).clamp(min=0) + self.eps)
        shift = self.bias.view(groups) - mean * scale  # [B, G, C / G]
        return torch.addcmul(shift.flatten(1)[:, :, None, None] * real, x, scale.flatten(1)[:, :, None, None])
