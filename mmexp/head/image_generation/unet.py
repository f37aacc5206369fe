"""Denoise an image by a U-Net whose coarse grid is fused with the inputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.contract import Tokens
from mmexp.layer.attention import SelfAttentionBlock

Fuse = Callable[[Tokens], Tokens]
CELL = 4  # pixels on a side of the cell of a token


class UNet(nn.Module):
    """Shrink a noisy image to a grid of tokens, fuse each with the inputs, and enlarge them to a clean image.

    The tokens attend to one another before and after the fusion, so that what the inputs name is put in one position
    and not in all of them. Every block gets the noise level. Positions start as sinusoids, as strong as the image
    features, so that an input that says where an object is can find them.

    Source: Ronneberger et al. 2015, "U-Net", https://arxiv.org/abs/1505.04597; attention on the coarse grid and time in
    every block: Ho et al. 2020, "Denoising Diffusion Probabilistic Models", https://arxiv.org/abs/2006.11239, appendix
    B; sinusoids along both axes: He et al. 2022, "Masked Autoencoders", https://arxiv.org/abs/2111.06377, appendix A.1.
    Differs: two scales, of squares of 2 x 2 pixels and of 4 x 4; the inputs are fused at the coarse one alone, whose
    convolutions go channel by channel.

    Args:
        dim: Width D of the tokens; the finer scale is W = D / 4 wide.
        image_size: Side S of the images, in pixels; a multiple of 4.
        depth: Stages after the fusion; there is one before.
        num_heads: Attention heads.

    Shape:
        [B, 3, S, S], time [B] from 0, all noise, to 1, none -> [B, 3, S, S]; N = (S / 4)^2 tokens.

    Raises:
        ValueError: If image_size is no multiple of 4.
    """

    def __init__(self, *, dim: int, image_size: int, depth: int = 1, num_heads: int = 4) -> None:
        super().__init__()
        if image_size % CELL or image_size < CELL:
            raise ValueError(f"UNet: image_size must be a multiple of {CELL}, got {image_size}.")
        self.side, width = image_size // CELL, max(8, dim // 4)
        self.register_buffer("frequencies", torch.logspace(0, 3, dim // 2), persistent=False)
        self.clock = nn.Sequential(nn.Linear(dim // 2 * 2, dim), nn.SiLU(), nn.Linear(dim, dim), nn.SiLU())
        self.enter = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, width, 3, 1, 1))
        self.fine = TimedBlock(width, width, dim)
        self.shrink = nn.Conv2d(width, dim, 2, 2)
        self.position = nn.Parameter(sinusoids(self.side, dim))
        self.before = Stage(dim, num_heads)
        self.norm = nn.LayerNorm(dim)
        self.after = nn.ModuleList(Stage(dim, num_heads) for _ in range(depth))
        self.grow = nn.Sequential(nn.Conv2d(dim, 4 * width, 1), nn.PixelShuffle(2))
        self.blend = TimedBlock(2 * width, width, dim)
        self.leave = nn.Sequential(nn.SiLU(), nn.Conv2d(width, 12, 3, 1, 1), nn.PixelShuffle(2))
        self.to(memory_format=torch.channels_last)

    def forward(self, noisy: Tensor, time: Tensor, fuse: Fuse) -> Tensor:
        angles = time[:, None] * self.frequencies  # type: ignore[operator]
        clock = self.clock(torch.cat([angles.sin(), angles.cos()], 1))  # [B, D]
        fine = self.fine(self.enter(noisy.contiguous(memory_format=torch.channels_last)), clock)  # [B, W, S / 2, S / 2]
        coarse = self.before(self.shrink(fine) + self.position, clock)  # [B, D, S / 4, S / 4]
        tokens = self.norm(coarse.flatten(2).mT)  # [B, N, D]
        fused = fuse(Tokens(tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)))
        coarse = fused.features.mT.reshape(coarse.shape)
        for stage in self.after:
            coarse = stage(coarse, clock)
        grown = self.grow(coarse)  # [B, W, S / 2, S / 2]
        return self.leave(self.blend(torch.cat([grown, fine], 1), clock)).float()  # type: ignore[no-any-return]


class Stage(nn.Module):
    """A convolution, by which positions see their neighbours, then self-attention. [B, D, H, W], [B, D] -> same

    Source: Chu et al. 2023, "Conditional Positional Encodings for Vision Transformers",
    https://arxiv.org/abs/2102.10882, section 4.2 (depthwise, with a residual connection, before the attention).
    """

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.norm, self.time = ChannelNorm(dim), nn.Linear(dim, 2 * dim)
        self.near = nn.Conv2d(dim, dim, 3, 1, 1, groups=dim)
        self.far = SelfAttentionBlock(dim, num_heads)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        x = x + self.near(modulate(self.norm(x), self.time(time)))
        return self.far(x.flatten(2).mT, None).mT.reshape(x.shape)  # type: ignore[no-any-return]


class TimedBlock(nn.Module):
    """Apply two convolutions with a residual connection, scaled and shifted by time.

    [B, C, H, W], [B, D] -> [B, C2, H, W]

    Source: Perez et al. 2018, "FiLM", https://arxiv.org/abs/1709.07871, eq. 2, after the second norm.
    """

    def __init__(self, channels: int, width: int, dim: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(channels), ChannelNorm(width)
        self.conv1, self.conv2 = nn.Conv2d(channels, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)
        self.time = nn.Linear(dim, 2 * width)
        self.shortcut = nn.Conv2d(channels, width, 1) if channels != width else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        inner = modulate(self.norm2(self.conv1(F.silu(self.norm1(x)))), self.time(time))
        return self.shortcut(x) + self.conv2(F.silu(inner))  # type: ignore[no-any-return]


class ChannelNorm(nn.LayerNorm):
    """Normalise the channels of each position. [B, C, H, W] -> [B, C, H, W]"""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def modulate(x: Tensor, scale_and_shift: Tensor) -> Tensor:
    """Scale and shift the channels of all positions. [B, C, H, W], [B, 2 C] -> [B, C, H, W]"""
    scale, shift = scale_and_shift[..., None, None].chunk(2, 1)
    return x * (1 + scale) + shift


def sinusoids(side: int, dim: int) -> Tensor:
    """Return sines and cosines of column and row, from a quarter turn a position to a tenth of that.

    -> [D, side, side]
    """
    speeds = torch.logspace(0, -1, -(-dim // 4)) * torch.pi / 2
    angles = torch.arange(side) * speeds[:, None]  # [D / 4, side]
    waves = torch.cat([angles.sin(), angles.cos()])  # [D / 2, side]
    across, down = waves[:, None].expand(-1, side, -1), waves[..., None].expand(-1, -1, side)
    return torch.cat([across, down])[:dim].contiguous()
