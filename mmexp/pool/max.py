"""Maximum pooling."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.contract import Tokens
from mmexp.pool.base import Pool


class MaxPool(Pool):
    """Pool by the maximum of each feature over the real tokens. [B, N, D] -> [B, D]"""

    def forward(self, tokens: Tokens) -> Tensor:
        lowest = torch.finfo(tokens.features.dtype).min
        largest = tokens.features.masked_fill(~tokens.mask[..., None], lowest).amax(1)  # [B, D]
        return largest.masked_fill(~tokens.present[:, None], 0)
