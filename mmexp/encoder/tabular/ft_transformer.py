"""A transformer over the columns of a table."""

from __future__ import annotations

import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.tabular.embedding import EmbeddingEncoder
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.tabular import TabularTransform


class FTTransformerEncoder(EmbeddingEncoder):
    """Encode a table row with a pre-norm transformer over one token per column, each in the light of the others.

    A column that a row lacks has a learned token of its own, ``missing_j``, so that lacking it can mean something. A
    row that lacks all of them has no token.

    Source: Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data",
    https://arxiv.org/abs/2106.11959, sec. 3.3. Differs: no class token, since pooling is a part; GELU instead of ReGLU;
    the first norm is kept; a missing value is a token, where the paper fills it in beforehand.

    Args:
        dim: Width D of the tokens.
        transform: Knows the columns, what numbers are standardised by, and the categories.
        depth: Blocks.
        num_heads: Attention heads; must divide dim.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature, anywhere.

    Shape:
        values [B, C] -> Tokens [B, C, D].

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(
        self,
        *,
        dim: int,
        transform: TabularTransform,
        depth: int = 2,
        num_heads: int = 4,
        mlp_ratio: float = 2.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, transform=transform)
        self.missing = nn.Parameter(torch.randn(len(transform.columns), dim) * 0.02)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))

    def forward(self, inputs: Padded) -> Tokens:
        x = torch.where(inputs.mask.unsqueeze(-1), self.embed(inputs.values), self.missing)  # [B, C, D]
        for block in self.blocks:
            x = block(x, None)
        return Tokens(self.norm(x), inputs.present.unsqueeze(1).expand_as(inputs.mask))
