"""What image generators have in common."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mmexp.contract import Outputs, Tokens
from mmexp.fusion.base import Fusion
from mmexp.head.image_generation.unet import UNet

EDGE = 1e-4
"""Share of the levels, at either end, that is never drawn."""


class Chance(NamedTuple):
    """What is left to chance in B images, standard normal.

    Args:
        noise: What an image is generated from. [B, 3, S, S]
        level: One more number for each. [B]
    """

    noise: Tensor
    level: Tensor

    @staticmethod
    def draw(rows: int, side: int, device: torch.device) -> Chance:
        """Draw anew each time, the levels stratified over as many equal parts of their distribution as there are rows.

        Source: Kingma et al. 2021, "Variational Diffusion Models", https://arxiv.org/abs/2107.00630, appendix I.1.
        Differs: each is drawn anew within its part.
        """
        fraction = (torch.randperm(rows, device=device) + torch.rand(rows, device=device)) / rows  # [B]
        level = torch.special.ndtri(fraction.clamp(EDGE, 1 - EDGE))
        return Chance(torch.randn(rows, 3, side, side, device=device), level)

    @staticmethod
    def of(ids: Sequence[str], side: int, device: torch.device) -> Chance:
        """Draw by the samples' ids alone: the same for a sample each time, whatever the batch."""
        drawn = torch.stack([_drawn(name, 1 + 3 * side * side) for name in ids]).to(device)
        return Chance(drawn[:, 1:].view(-1, 3, side, side), drawn[:, 0])


class ImageGenerator(nn.Module, ABC):
    """Generate images from noise, conditioned on the inputs.

    Args:
        canvas: The network it generates with.
    """

    def __init__(self, *, canvas: UNet) -> None:
        super().__init__()
        self.canvas = canvas

    @abstractmethod
    def training_outputs(self, tokens: Mapping[str, Tokens], fusion: Fusion, images: Tensor, chance: Chance) -> Outputs:
        """Compute what the losses need of real images [B, 3, S, S], in [-1, 1]."""

    @abstractmethod
    def losses(self, outputs: Outputs, known: Tensor) -> dict[str, Tensor]:
        """Return scalars by name, over the samples whose image is known. bool [B]"""

    @abstractmethod
    def generate(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Tensor:
        """Generate images from noise and inputs. [B, 3, S, S] -> [B, 3, S, S], about in [-1, 1]"""


def mean(values: Tensor, known: Tensor) -> Tensor:
    """Mean of the values that are known, 0 without any. [B], bool [B] -> []"""
    return (values * known).sum() / known.sum().clamp(min=1)


def _drawn(name: str, count: int) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
