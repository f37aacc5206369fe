"""Classify attributes of images, to evaluate a generator by what is detected in its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmexp.head.image_generation.unet import ChannelNorm
from mmexp.transform.label import Labels


class ImageEvaluator(nn.Module):
    """Classify which attributes an image shows, at any position. It is trained on real images alone.

    Source: Salimans et al. 2016, "Improved Techniques for Training GANs", https://arxiv.org/abs/1606.03498, section 4
    (generated images evaluated by a classifier of real ones); the highest score of all positions counts: Oquab et al.
    2015, "Is Object Localization for Free?", section 3.

    Args:
        dim: Sets its width.
        classes: Attributes, C of them.

    Shape:
        [B, 3, S, S] in [-1, 1] -> features [B, F], logits [B, C].
    """

    def __init__(self, *, dim: int, classes: Sequence[Any]) -> None:
        super().__init__()
        few, some, many = (max(8, dim * eighths // 8) for eighths in (1, 3, 6))
        blocks = [(3, few, 1), (few, some, 2), (some, some, 1), (some, many, 2), (many, many, 1)]
        self.layers = nn.Sequential(*(_look(*block) for block in blocks)).to(memory_format=torch.channels_last)
        self.head = nn.Linear(many, len(classes))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.layers(images.contiguous(memory_format=torch.channels_last)).amax((2, 3))  # [B, F]
        return features.float(), self.head(features).float()

    def loss(self, logits: Tensor, labels: Labels | None, known: Tensor) -> Tensor:
        """Cross entropy over the samples that have an image, by known [B], and attributes. [B, C] -> []"""
        if labels is None:
            return logits.sum() * 0
        rows = labels.values.mask & known
        targets = labels.values.values[rows][:, :-1]
        total = F.binary_cross_entropy_with_logits(logits[rows], targets, reduction="sum")
        return total / max(1, targets.numel())


class RandomFeatures(nn.Module):
    """Compute random features: how strongly, on average and at most, random squares are found in an image.

    It learns nothing, and sees the same in every run.

    Source: Saxe et al. 2011, "On Random Weights and Unsupervised Feature Learning", section 2.

    Args:
        width: Squares K.
        side: Pixels on a side of each.

    Shape:
        [B, 3, S, S] -> features [B, 2 K], no logits [B, 0].
    """

    squares: Tensor

    def __init__(self, *, width: int = 32, side: int = 5) -> None:
        super().__init__()
        squares = torch.randn(width, 3, side, side, generator=torch.Generator().manual_seed(0)) / side
        self.register_buffer("squares", squares, persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(images.device.type, enabled=False):
            found = F.conv2d(images, self.squares, stride=2).relu()  # [B, K, H, W]
        return torch.cat([found.mean((2, 3)), found.amax((2, 3))], 1), found.new_zeros(found.shape[0], 0)


def agreement(detected: Tensor, given: Tensor) -> Tensor:
    """Divide attributes detected and given by those detected or given; 1 of none. bool [B, C] twice -> [B]

    Source: Godbole and Sarawagi 2004, "Discriminative Methods for Multi-labeled Classification", section 4 (accuracy).
    """
    both, either = (detected & given).sum(1), (detected | given).sum(1)
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def _look(channels: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, stride, 1, bias=False), ChannelNorm(width), nn.ReLU())
