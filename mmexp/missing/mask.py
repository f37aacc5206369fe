"""Masking of missing modalities."""

from __future__ import annotations

from collections.abc import Mapping

from mmexp.contract import Tokens
from mmexp.missing.base import Missing


class MaskMissing(Missing):
    """Leave a missing modality masked: the fusion computes with those that are present.

    Shape:
        {modality: [B, N_m, D]} -> the same.
    """

    def forward(self, tokens: Mapping[str, Tokens]) -> dict[str, Tokens]:
        return dict(tokens)
