"""Make frame queries: embeddings of the position in time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens

OCTAVES = 8  # of waves over the whole audio


class FrameQueries(nn.Module):
    """Embed each frame's number, and the fraction of the audio before it: ``norm(W [waves(i); waves(i / T)])``.

    Source: ``waves(i)``: Vaswani et al. 2017, "Attention Is All You Need", https://arxiv.org/abs/1706.03762, section
    3.5; ``waves(i / T)``: Mildenhall et al. 2020, "NeRF", https://arxiv.org/abs/2003.08934, eq. 4.

    Args:
        dim: Width D of the frames, even.

    Shape:
        bool [B, T] -> Tokens [B, T, D].
    """

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.project = nn.Linear(2 * (dim // 2) + 2 * OCTAVES, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, mask: Tensor) -> Tokens:
        position = torch.arange(mask.shape[1], device=mask.device, dtype=torch.float32)  # [T]
        fraction = (position + 0.5) / mask.sum(1, keepdim=True).clamp(min=1)  # [B, T]
        slow = torch.linspace(0, -math.log(10000), self.dim // 2, device=mask.device).exp()
        fast = math.pi * 2 ** torch.arange(OCTAVES, device=mask.device, dtype=torch.float32)
        known = torch.cat(
            [waves(position, slow).expand(mask.shape[0], -1, -1), waves(fraction, fast)], -1
        )  # [B, T, D + 16]
        return Tokens(self.norm(self.project(known)), mask)


def waves(position: Tensor, speeds: Tensor) -> Tensor:
    """Return sines and cosines of a position, by speed in radians per unit. [..., T], [S] -> [..., T, 2 S]"""
    angles = position.unsqueeze(-1) * speeds
    return torch.cat([angles.sin(), angles.cos()], -1)
