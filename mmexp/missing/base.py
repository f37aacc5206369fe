"""What stands between the encoders and the fusion where a sample lacks a modality."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import nn

from mmexp.contract import Tokens


class Missing(nn.Module, ABC):
    """Decide what the fusion is given of a modality that a sample lacks.

    Example:
        >>> import torch
        >>> from mmexp import Missing, Tokens
        >>> from mmexp.missing.placeholder import fill
        >>> class ZeroMissing(Missing):
        ...     def forward(self, tokens):
        ...         return {name: fill(own, torch.zeros(own.features.shape[-1])) for name, own in tokens.items()}
        >>> image = Tokens(torch.zeros(2, 3, 8), torch.tensor([[True, True, True], [False, False, False]]))
        >>> ZeroMissing()({"image": image})["image"].mask.sum(1)
        tensor([3, 1])
    """

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Return the tokens of the same modalities, in the same order. {modality: [B, N_m, D]} -> the same"""
