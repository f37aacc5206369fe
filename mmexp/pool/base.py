"""Pooling turns the tokens of one modality into one vector."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mmexp.contract import Tokens


class Pool(nn.Module, ABC):
    """Pool tokens [B, N, D] -> [B, D]; a row without a real token gives zeros.

    Example:
        >>> import torch
        >>> from mmexp import Pool, Tokens
        >>> class FirstPool(Pool):
        ...     def forward(self, tokens):
        ...         return tokens.features[:, 0] * tokens.mask[:, :1]
        >>> FirstPool()(Tokens(torch.ones(2, 3, 2), torch.tensor([[True, True, True], [False, False, False]])))
        tensor([[1., 1.],
                [0., 0.]])
    """

    @abstractmethod
    def forward(self, tokens: Tokens) -> Tensor: ...
