"""Tokens of an image on their grid."""

from __future__ import annotations

from math import isqrt

from torch import Tensor


def as_grid(features: Tensor) -> Tensor:
    """Tokens of a square image, in rows, as a square grid. [B, N, D] -> [B, D, h, h]

    Leading tokens without a position, such as a class token, are left out: h is the largest with h * h <= N.
    """
    side = isqrt(features.shape[1])
    return features[:, -side * side :].transpose(1, 2).reshape(features.shape[0], -1, side, side)
