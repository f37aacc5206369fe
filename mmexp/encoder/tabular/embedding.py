"""A token for each column of a table."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.transform.tabular import TabularTransform


class EmbeddingEncoder(Encoder):
    """Encode a table row with one embedding per column: of its category, or scaled by its number.

    ``token_j = bias_j + x_j weight_j`` for numbers, ``token_j = bias_j + weight_j[x_j]`` for categories. A category
    that training never had is the bias alone; a column that a row lacks gives it no token.

    Source: Gorishniy et al. 2021, "Revisiting Deep Learning Models for Tabular Data",
    https://arxiv.org/abs/2106.11959, sec. 3.3 (feature tokenizer). Differs: LayerNorm after it, no blocks of attention,
    which are the fusion's to add.

    Args:
        dim: Width D of the tokens.
        transform: Knows the columns, what numbers are standardised by, and the categories.

    Shape:
        values [B, C] -> Tokens [B, C, D].
    """

    transform: TabularTransform
    first: Tensor
    is_number: Tensor

    def __init__(self, *, dim: int, transform: TabularTransform) -> None:
        super().__init__()
        self.transform = transform
        names = [column.numbers for column in transform.columns]
        self.bias = nn.Parameter(torch.randn(len(names), dim) * 0.02)
        sizes = torch.tensor([2 if numbers is None else len(numbers) + 1 for numbers in names])
        self.table = nn.Parameter(torch.randn(int(sizes.sum()), dim))  # of each column: nothing, then its directions
        self.register_buffer("first", sizes.cumsum(0) - sizes, persistent=False)
        self.register_buffer("is_number", torch.tensor([numbers is None for numbers in names]), persistent=False)
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        return Tokens(self.norm(self.embed(inputs.values)), inputs.mask)

    def embed(self, values: Tensor) -> Tensor:
        """Return the token of each column, whether the row has it or not. [B, C] -> [B, C, D]"""
        place = torch.where(self.is_number, 1, values.long())  # [B, C]
        scale = torch.where(self.is_number, values, (place > 0).to(values.dtype))  # [B, C]
        directions = self.table[self.first + place]  # [B, C, D]
        return self.bias + scale.unsqueeze(-1) * directions
