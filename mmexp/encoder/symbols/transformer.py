"""A row of symbols, each in the light of the others."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.symbols.embedding import age
from mmexp.layer.attention import SelfAttentionBlock
from mmexp.transform.symbols import SymbolsTransform


class TransformerEncoder(Encoder):
    """Encode symbols with a pre-norm transformer; learned positions count from the end.

    Source: Sun et al. 2019, "BERT4Rec", https://arxiv.org/abs/1904.06690, section 3.3. Differs: pre-norm.

    Args:
        dim: Width D of the tokens.
        symbols: Those of the training split, V of them.
        max_length: Symbols of a row at most; the oldest are left out.
        depth: Blocks.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature, anywhere.

    Shape:
        ids [B, L] -> Tokens [B, L, D].
    """

    transform: SymbolsTransform

    def __init__(
        self,
        *,
        dim: int,
        symbols: Sequence[str],
        max_length: int = 64,
        depth: int = 2,
        num_heads: int = 2,
        mlp_ratio: float = 2.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.transform = SymbolsTransform(symbols=symbols, max_length=max_length)
        self.embedding = nn.Embedding(len(symbols) + 1, dim)
        self.position = nn.Parameter(torch.randn(max_length, dim) * 0.02)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        x = self.dropout(self.embedding(inputs.values) + self.position[age(inputs.mask)])  # [B, L, D]
        for block in self.blocks:
            x = block(x, inputs.mask, False)
        return Tokens(self.norm(x), inputs.mask)
