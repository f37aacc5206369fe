"""Encoders turn one modality into tokens of width ``dim``."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.transform.base import Transform


class Encoder(nn.Module, ABC):
    """Encode one modality as tokens; declare the transform that its input needs, as timm models do.

    Shape:
        inputs values [B, ...] or [B, L, ...] -> Tokens [B, N, dim]. A row without input has no real token.
    """

    transform: Transform

    @abstractmethod
    def forward(self, inputs: Padded) -> Tokens: ...
