"""Tokens at places of a sequence."""

from __future__ import annotations

import torch
from torch import Tensor

from mmexp.contract import Tokens


def features_at(tokens: Tokens, places: Tensor) -> Tensor:
    """Interpolate the real tokens of each row, which share its length equally, at some places.

    What a row gets does not depend on its padding.

    Args:
        tokens: The real ones of a row come first. [B, N, D]
        places: As a share of the length of the row, in (0, 1); token j of n is at (j + 1/2) / n. [B, P]

    Returns:
        [B, P, D]
    """
    count = tokens.mask.sum(1, keepdim=True)  # [B, 1]
    last = (count - 1).clamp(min=0)
    position = (places * count - 0.5).clamp(min=0).minimum(last.to(places.dtype))  # [B, P]
    low = position.floor().long()
    share = (position - low).unsqueeze(-1).to(tokens.features.dtype)
    before, after = (_taken(tokens.features, index) for index in (low, (low + 1).minimum(last)))
    return torch.lerp(before, after, share)


def _taken(features: Tensor, index: Tensor) -> Tensor:
    """[B, N, D], [B, P] -> [B, P, D]"""
    return features.gather(1, index.unsqueeze(-1).expand(-1, -1, features.shape[2]))
