"""What all ways of learning to paint have in common."""

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
    """What is left to chance in B pictures, standard normal.

    Args:
        noise: What a picture is painted out of. [B, 3, S, S]
        level: One more number for each. [B]
    """

    noise: Tensor
    level: Tensor

    @staticmethod
    def draw(rows: int, side: int, device: torch.device) -> Chance:
        """Draw anew each time, the levels from as many equal shares of their distribution as there are rows.

        Source: Kingma et al. 2021, "Variational Diffusion Models", https://arxiv.org/abs/2107.00630, appendix I.1.
        Differs: each is drawn anew within its share.
        """
        share = (torch.randperm(rows, device=device) + torch.rand(rows, device=device)) / rows  # [B]
        level = torch.special.ndtri(share.clamp(EDGE, 1 - EDGE))
        return Chance(torch.randn(rows, 3, side, side, device=device), level)

    @staticmethod
    def of(ids: Sequence[str], side: int, device: torch.device) -> Chance:
        """Draw by the samples' ids alone: the same for a sample each time, whatever stands beside it."""
        drawn = torch.stack([_drawn(name, 1 + 3 * side * side) for name in ids]).to(device)
        return Chance(drawn[:, 1:].view(-1, 3, side, side), drawn[:, 0])


class ImageGenerator(nn.Module, ABC):
    """Paints pictures out of noise and what the inputs tell.

    Args:
        canvas: The network it paints with.
    """

    def __init__(self, *, canvas: UNet) -> None:
        super().__init__()
        self.canvas = canvas

    @abstractmethod
    def teach(self, tokens: Mapping[str, Tokens], fusion: Fusion, pictures: Tensor, chance: Chance) -> Outputs:
        """What the losses need of real pictures [B, 3, S, S], in [-1, 1]."""

    @abstractmethod
    def losses(self, outputs: Outputs, known: Tensor) -> dict[str, Tensor]:
        """Scalars by name, over the samples whose picture is known. bool [B]"""

    @abstractmethod
    def paint(self, tokens: Mapping[str, Tokens], fusion: Fusion, noise: Tensor) -> Tensor:
        """Pictures of what the inputs tell. [B, 3, S, S] -> [B, 3, S, S], about in [-1, 1]"""


def mean(values: Tensor, known: Tensor) -> Tensor:
    """Mean of the values that are known, 0 without any. [B], bool [B] -> []"""
    return (values * known).sum() / known.sum().clamp(min=1)


def _drawn(name: str, count: int) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
