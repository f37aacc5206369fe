"""Vector encoders make a token of each vector."""

from __future__ import annotations

import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.transform.vector import VectorTransform


class VectorEncoder(Encoder):
    """Encode each vector as one token: a projection, a learned position within a sequence, LayerNorm.

    Args:
        dim: Width D of the tokens.
        transform: Scaling and variation of the numbers; knows their width F and the longest sequence.
        project: The map, F -> D.

    Shape:
        numbers [B, F] -> Tokens [B, 1, D]; [B, L, F] -> Tokens [B, L, D].
    """

    transform: VectorTransform

    def __init__(self, *, dim: int, transform: VectorTransform, project: nn.Module) -> None:
        super().__init__()
        self.transform, self.project = transform, project
        longest = transform.max_length
        self.position = nn.Parameter(torch.randn(longest, dim) * 0.02) if longest else None
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        features = self.project(inputs.values)  # [B, D] or [B, L, D]
        if self.position is None:
            return Tokens(self.norm(features).unsqueeze(1), inputs.mask.unsqueeze(1))  # [B, 1, D]
        return Tokens(self.norm(features + self.position[: features.shape[1]]), inputs.mask)


def sequence(inputs: Padded) -> Tokens:
    """Return vectors as sequences, a single one as a sequence of one. [B, F] or [B, L, F] -> Tokens [B, L, F]"""
    if inputs.mask.ndim == 1:
        return Tokens(inputs.values.unsqueeze(1), inputs.mask.unsqueeze(1))
    return Tokens(inputs.values, inputs.mask)
