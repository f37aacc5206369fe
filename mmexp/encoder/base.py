"""Encoders turn one modality into tokens of width ``dim``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.transform.base import Transform


class Encoder(nn.Module, ABC):
    """Encode one modality as tokens; declare the transform that its input needs, as timm models do.

    Shape:
        inputs values [B, ...] or [B, L, ...] -> Tokens [B, N, dim]. A row without input has no real token.

    Example:
        >>> import torch
        >>> from mmexp import Encoder, Padded, Tokens
        >>> from mmexp.transform.vector import VectorTransform
        >>> class LinearEncoder(Encoder):
        ...     def __init__(self, *, width, dim):
        ...         super().__init__()
        ...         self.transform = VectorTransform(width=width)
        ...         self.project = torch.nn.Linear(width, dim)
        ...     def forward(self, inputs):
        ...         return Tokens(self.project(inputs.values).unsqueeze(1), inputs.mask.unsqueeze(1))  # [B, 1, D]
        >>> tokens = LinearEncoder(width=3, dim=8)(Padded(torch.zeros(2, 3), torch.tensor([True, False])))
        >>> tokens.features.shape, tokens.present
        (torch.Size([2, 1, 8]), tensor([ True, False]))
    """

    transform: Transform
    notes: Sequence[str] = ()
    """What a user should know before training, such as what its weights start from."""

    @abstractmethod
    def forward(self, inputs: Padded) -> Tokens: ...
