"""Average pooling."""

from __future__ import annotations

from torch import Tensor

from mmexp.contract import Tokens
from mmexp.pool.base import Pool


class MeanPool(Pool):
    """Pool by the mean of the real tokens. [B, N, D] -> [B, D]"""

    def forward(self, tokens: Tokens) -> Tensor:
        return tokens.pool()
