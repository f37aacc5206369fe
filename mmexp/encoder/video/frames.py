"""An image encoder over the frames of a video."""

from __future__ import annotations

import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.image.base import ImageEncoder
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.video import VideoTransform

THINNED = 4  # times


class FramesEncoder(Encoder):
    """Encode a video frame by frame: an image encoder, differences between frames, then self-attention.

    ``frame_t = W [places_t] + V [places_t - places_(t-1)] + time_t``, in which the projected cells of an image are
    concatenated, which keeps where objects are and where they move to.

    Source: Arnab et al. 2021, "ViViT: A Video Vision Transformer", https://arxiv.org/abs/2103.15691, sec. 3.3, model 2;
    the difference: Wang et al. 2021, "TDN: Temporal Difference Networks", https://arxiv.org/abs/2012.10071, sec. 3.2.
    Differs: any image encoder; no class token.

    Args:
        dim: Width D of the tokens.
        image: Encodes each frame; its transform is that of each frame.
        num_frames: Frames T of a video, at most.
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
        num_frames: int = 8,
        depth: int = 1,
        num_heads: int = 4,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.transform = VideoTransform(image=image.transform, num_frames=num_frames)
        self.image = image
        thin = max(1, dim // THINNED)
        self.thin = nn.Linear(dim, thin)
        self.shown, self.moved = (nn.Linear(len(image.position) * thin, dim) for _ in range(2))
        self.time = nn.Parameter(torch.randn(num_frames, dim) * 0.02)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        rows, length = inputs.mask.shape
        places = self.image(Padded(inputs.values.flatten(0, 1), inputs.mask.flatten())).features  # [B * T, N, D]
        side_by_side = self.thin(places).flatten(1).unflatten(0, (rows, length))  # [B, T, N * D / THINNED]
        change = side_by_side.diff(dim=1, prepend=side_by_side[:, :1])
        frames = self.shown(side_by_side) + self.moved(change) + self.time[:length]  # [B, T, D]
        for block in self.blocks:
            frames = block(frames, inputs.mask)
        return Tokens(self.norm(frames), inputs.mask)
