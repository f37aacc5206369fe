"""Pooling turns the tokens of one modality into one vector."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mmexp.contract import Tokens


class Pool(nn.Module, ABC):
    """Pool tokens [B, N, D] -> [B, D]; a row without a real token gives zeros."""

    @abstractmethod
    def forward(self, tokens: Tokens) -> Tensor: ...
