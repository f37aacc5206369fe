"""An image encoder over the frames of a video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from mmexp.contract import Padded, Tokens
from mmexp.encoder.backbone import BackboneEncoder, FeatureEncoder
from mmexp.encoder.image.base import ImageEncoder
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.video import VideoTransform

THINNED = 4  # times


class FramesEncoder(FeatureEncoder):
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

    @property
    def extractor(self) -> BackboneEncoder | None:
        return self.image.extractor

    @property
    def packages(self) -> Sequence[str]:  # type: ignore[override]
        return self.image.packages

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "image": self.image.describe()}

    def extract(self, inputs: Padded) -> Tokens:
        """Return the features of the cells of all frames. -> [B, T * N, C]"""
        rows = len(inputs.mask)
        cells = self.image.extract(Padded(inputs.values.flatten(0, 1), inputs.mask.flatten()))  # [B * T, N, C]
        return Tokens(cells.features.reshape(rows, -1, cells.features.shape[-1]), cells.mask.reshape(rows, -1))

    def adapt(self, features: Tokens) -> Tokens:
        count = len(self.image.position)
        lacking = -features.features.shape[1] % count  # where no row of a batch has a video
        rows, channels = len(features.features), features.features.shape[-1]
        cells = F.pad(features.features, (0, 0, 0, lacking)).reshape(rows, -1, count, channels)  # [B, T, N, C]
        real = F.pad(features.mask, (0, lacking)).reshape(rows, -1, count)  # [B, T, N]
        length = real.shape[1]
        places = self.image.adapt(Tokens(cells.flatten(0, 1), real.flatten(0, 1))).features  # [B * T, N, D]
        side_by_side = self.thin(places).flatten(1).unflatten(0, (rows, length))  # [B, T, N * D / THINNED]
        change = side_by_side.diff(dim=1, prepend=side_by_side[:, :1])
        frames = self.shown(side_by_side) + self.moved(change) + self.time[:length]  # [B, T, D]
        mask = real.any(2)
        for block in self.blocks:
            frames = block(frames, mask)
        return Tokens(self.norm(frames), mask)
