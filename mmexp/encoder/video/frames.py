"""An image encoder over the frames of a film."""

from __future__ import annotations

import torch
from torch import nn

from mmexp.attention import SelfAttentionBlock
from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.image.base import ImageEncoder
from mmexp.pool.base import Pool
from mmexp.transform.video import VideoTransform


class FramesEncoder(Encoder):
    """Make a token of each frame by any image encoder, add when it was, and let the frames attend to one another.

    Source: Arnab et al. 2021, "ViViT: A Video Vision Transformer", https://arxiv.org/abs/2103.15691, sec. 3.3, model 2.
    Differs: any image encoder, whose places are pooled; no class token.

    Args:
        dim: Width D of the tokens.
        image: Encodes each frame; its transform is that of each frame.
        pool: Makes one vector of the places of a frame.
        num_frames: Frames T of a film that are looked at, at most.
        depth: Blocks of attention over the frames.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature in the blocks.

    Shape:
        uint8 [B, T, 3, H, W] -> Tokens [B, T, D].
    """

    transform: VideoTransform

    def __init__(
        self,
        *,
        dim: int,
        image: ImageEncoder,
        pool: Pool,
        num_frames: int = 8,
        depth: int = 1,
        num_heads: int = 4,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.transform = VideoTransform(image=image.transform, num_frames=num_frames)
        self.image, self.pool = image, pool
        self.time = nn.Parameter(torch.randn(num_frames, dim) * 0.02)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        rows, length = inputs.mask.shape
        places = self.image(Padded(inputs.values.flatten(0, 1), inputs.mask.flatten()))  # [B * T, N, D]
        frames = self.pool(places).unflatten(0, (rows, length)) + self.time[:length]  # [B, T, D]
        for block in self.blocks:
            frames = block(frames, inputs.mask)
        return Tokens(self.norm(frames), inputs.mask)
