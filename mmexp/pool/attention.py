"""Attention pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.layer.attention import Attention
from mmexp.pool.base import Pool


class AttentionPool(Pool):
    """Pool by attention of one learned query to the real tokens.

    Source: Lee et al. 2019, "Set Transformer", https://arxiv.org/abs/1810.00825, eq. 11 with one seed. Differs: the
    tokens are normalised first, and no MLP follows.

    Args:
        dim: Width D of the tokens.
        num_heads: Attention heads; must divide dim.

    Shape:
        [B, N, D] -> [B, D].

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(self, *, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, num_heads)
        self.query = nn.Parameter(torch.randn(1, 1, dim) * 0.02)

    def forward(self, tokens: Tokens) -> Tensor:
        query = self.query.expand(tokens.features.shape[0], -1, -1)  # [B, 1, D]
        pooled = self.attention(query, self.norm(tokens.features), tokens.mask).squeeze(1)  # [B, D]
        return pooled.masked_fill(~tokens.present[:, None], 0)  # type: ignore[no-any-return]
