"""Learned placeholders of missing modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.missing.base import Missing


class PlaceholderMissing(Missing):
    """Replace a missing modality by one learned token of its own.

    Args:
        dim: Width D of the tokens.
        modalities: Names of the modalities, each of which gets a placeholder.

    Shape:
        {modality: [B, N_m, D]} -> the same; every row then has a real token of each modality.

    Raises:
        ValueError: If a modality has no placeholder.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str]) -> None:
        super().__init__()
        self.modalities = tuple(modalities)
        self.placeholder = nn.Parameter(torch.randn(len(self.modalities), dim) * dim**-0.5)

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        return {name: fill(own, self.placeholder[self.slot(name)]) for name, own in tokens.items()}

    def slot(self, modality: str) -> int:
        """Return the index of a modality among all."""
        if modality not in self.modalities:
            known = ", ".join(self.modalities)
            raise ValueError(f"PlaceholderMissing: modality must be one of {known}, got {modality!r}.")
        return self.modalities.index(modality)


def fill(own: Tokens, placeholder: Tensor) -> Tokens:
    """Put a placeholder [D] first in each row without a real token."""
    absent = ~own.present[:, None]  # [B, 1]
    first = torch.where(absent, placeholder.to(own.features.dtype), own.features[:, 0])  # [B, D]
    features = torch.cat([first.unsqueeze(1), own.features[:, 1:]], 1)
    return Tokens(features, torch.cat([own.mask[:, :1] | absent, own.mask[:, 1:]], 1))
