"""Image encoders read uint8 images and give one token per cell of a grid."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.backbone import FeatureEncoder
from mmexp.transform.image import ImageTransform


class ImageEncoder(FeatureEncoder):
    """Encode an image as a grid of features, projected to dim, with learned positions.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and variation; its image_size fixes the grid.
        mean: Per-channel mean the features expect, of values in [0, 1].
        std: Per-channel deviation they expect.

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D].
    """

    transform: ImageTransform

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.25, 0.25, 0.25),
    ) -> None:
        super().__init__()
        self.dim = dim
        self.transform = transform
        self.register_buffer("mean", 255 * torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    @abstractmethod
    def cells(self, pixels: Tensor) -> Tensor:
        """Normalised pixels [B, 3, H, W] -> features of each cell [B, N, C]."""

    def add_head(self, channels: int, places: int) -> None:
        """Build the projection of C channels to dim and the positions of N cells."""
        self.project = nn.Linear(channels, self.dim)
        self.position = nn.Parameter(torch.randn(places, self.dim) * 0.02)
        self.norm = nn.LayerNorm(self.dim)

    def extract(self, inputs: Padded) -> Tokens:
        pixels = (inputs.values.float() - self.mean) / self.std  # type: ignore[operator]
        features = self.cells(pixels.contiguous(memory_format=torch.channels_last))
        return Tokens(features, inputs.mask[:, None].expand(features.shape[:2]))

    def adapt(self, features: Tokens) -> Tokens:
        places = self.position[: features.features.shape[1]]  # fewer where no row of a batch has an image
        return Tokens(self.norm(self.project(features.features) + places), features.mask)
