"""Symbols as vectors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.transform.symbols import SymbolsTransform


class EmbeddingEncoder(Encoder):
    """Encode symbols with an embedding and learned positions, counted from the end.

    Source: Kang and McAuley 2018, "Self-Attentive Sequential Recommendation", https://arxiv.org/abs/1808.09781,
    section 3.1. Differs: positions count from the newest; LayerNorm after it, as in the text encoders.

    Args:
        dim: Width D of the tokens.
        symbols: Those of the training split, V of them.
        max_length: Symbols of a row at most; the oldest are left out.

    Shape:
        ids [B, L] -> Tokens [B, L, D].
    """

    transform: SymbolsTransform

    def __init__(self, *, dim: int, symbols: Sequence[str], max_length: int = 64) -> None:
        super().__init__()
        self.transform = SymbolsTransform(symbols=symbols, max_length=max_length)
        self.embedding = nn.Embedding(len(symbols) + 1, dim)
        self.position = nn.Parameter(torch.randn(max_length, dim) * 0.02)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        features = self.embedding(inputs.values) + self.position[age(inputs.mask)]  # [B, L, D]
        return Tokens(self.norm(features), inputs.mask)


def age(mask: Tensor) -> Tensor:
    """Count the symbols after each; 0 for what is not real. [B, L] -> [B, L]"""
    return (mask.long().flip(1).cumsum(1).flip(1) - 1).clamp(min=0)
