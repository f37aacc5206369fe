"""What stands between the encoders and the fusion where a sample lacks a modality."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import nn

from mmexp.contract import Tokens


class Missing(nn.Module, ABC):
    """Decide what the fusion is given of a modality that a sample lacks."""

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        """Return the tokens of the same modalities, in the same order. {modality: [B, N_m, D]} -> the same"""
