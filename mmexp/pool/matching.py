"""Matching each token with the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.pool.base import Pool
from mmexp.pool.max import MaxPool


class MatchingPool(Pool):
    """Pool by comparing each token with its soft alignment to the others, then the maximum.

    ``max_i relu(W [(x_i - h_i)^2; x_i * h_i] + b)`` with ``h_i = sum_j a_ij x_j``, where ``a_i`` is the softmax of
    likeness to the other real tokens. A token without others is compared with zeros.

    Source: Wang and Jiang 2017, "A Compare-Aggregate Model for Matching Text Sequences",
    https://arxiv.org/abs/1611.01747, section 2, comparison SubMult+NN. Differs: all tokens are one set in place of two
    sequences, likeness is a scaled dot product of normalised tokens, and the maximum stands for the convolutions.

    Args:
        dim: Width D of the tokens.

    Shape:
        [B, N, D] -> [B, D].
    """

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.compare = nn.Linear(2 * dim, dim)
        self.strongest = MaxPool()

    def forward(self, tokens: Tokens) -> Tensor:
        x = self.norm(tokens.features)  # [B, N, D]
        itself = torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
        others = tokens.mask[:, None] & ~itself  # [B, N, N]
        likeness = (x @ x.mT * x.shape[-1] ** -0.5).masked_fill(~others, torch.finfo(x.dtype).min)
        like = (likeness.softmax(-1) * others) @ x  # [B, N, D]
        found = self.compare(torch.cat([(x - like).square(), x * like], -1)).relu()  # [B, N, D]
        return self.strongest(Tokens(found, tokens.mask))  # type: ignore[no-any-return]
