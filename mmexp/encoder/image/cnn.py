"""A small residual network for images, trained from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.encoder.image.base import ImageEncoder
from mmexp.transform.image import ImageTransform


class ResidualBlock(nn.Module):
    """Add two 3x3 convolutions to a shortcut that averages. [B, C, H, W] -> [B, C2, H / stride, W / stride]

    Source: He et al. 2019, "Bag of Tricks for Image Classification", sec. 4.1 (ResNet-D) and 3.1 (the block starts as
    its shortcut).
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d(stride, ceil_mode=True))
        if channels != width:
            self.shortcut.extend([nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)])

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(inner + self.shortcut(x))


class CnnEncoder(ImageEncoder):
    """Encode an image with a small ResNet, one token per remaining cell.

    Source: He et al. 2016, "Deep Residual Learning for Image Recognition"; coordinates: Liu et al. 2018, "An Intriguing
    Failing of Convolutional Neural Networks and the CoordConv Solution", https://arxiv.org/abs/1807.03247, section 3.
    Differs: few, thin stages; the first one is a single convolution.

    Args:
        dim: Width D of the tokens.
        transform: Resizing and augmentation of the image.
        widths: Channels of each stage; each halves height and width.
        depth: Residual blocks in each stage but the first.
        dropout: Probability of dropping a whole channel of the last stage.
        coordinates: Whether the first convolution reads the coordinates of each pixel (CoordConv).

    Shape:
        uint8 [B, 3, H, W] -> Tokens [B, N, D] with N = H W / 4^len(widths).

    Raises:
        ValueError: If the image is too small for that many stages.
    """

    places: Tensor | None

    def __init__(
        self,
        *,
        dim: int,
        transform: ImageTransform,
        widths: Sequence[int] = (32, 64, 128),
        depth: int = 1,
        dropout: float = 0.0,
        coordinates: bool = False,
    ) -> None:
        super().__init__(dim=dim, transform=transform)
        side, least = transform.image_size, 2 ** len(widths)
        if side < least:
            raise ValueError(f"CnnEncoder: image_size must be at least {least} for {len(widths)} widths, got {side}.")
        line = torch.linspace(-1, 1, side)
        places = torch.stack([line.expand(side, -1), line.unsqueeze(1).expand(-1, side)]).unsqueeze(0)  # [1, 2, S, S]
        self.register_buffer("places", places if coordinates else None, persistent=False)
        first = nn.Conv2d(5 if coordinates else 3, widths[0], 3, 2, 1, bias=False)
        stages: list[nn.Module] = [first, nn.BatchNorm2d(widths[0]), nn.ReLU()]
        side = (side + 1) // 2
        for channels, width in pairwise(widths):
            stages.append(ResidualBlock(channels, width, 2))
            stages.extend(ResidualBlock(width, width, 1) for _ in range(depth - 1))
            side = (side + 1) // 2
        self.stages = nn.Sequential(*stages, nn.Dropout2d(dropout)).to(memory_format=torch.channels_last)
        self.add_head(widths[-1], side * side)

    def cells(self, pixels: Tensor) -> Tensor:
        if self.places is not None:
            pixels = torch.cat([pixels, self.places.expand(pixels.shape[0], -1, -1, -1)], 1)  # [B, 5, H, W]
        return self.stages(pixels).flatten(2).transpose(1, 2)  # type: ignore[no-any-return]
