"""Measure the distance of two sequences under dynamic time warping."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def warped(distances: Tensor, lengths: Tensor, others: Tensor) -> Tensor:
    """Weighted mean distance along the best path through pairs of frames; a step along both counts twice.

    So the weights of any path sum to I + J, and a path is best whatever its length:
    ``g(i, j) = min(g(i-1, j) + d(i, j), g(i-1, j-1) + 2 d(i, j), g(i, j-1) + d(i, j))``, divided by I + J.

    Source: Sakoe and Chiba 1978, "Dynamic Programming Algorithm Optimization for Spoken Word Recognition",
    https://doi.org/10.1109/TASSP.1978.1163055, table 1 (symmetric, P = 0).

    Args:
        distances: Of each pair of frames, >= 0. [B, I, J]
        lengths: Real frames of each row's first sequence. [B]
        others: Real frames of its second. [B]

    Returns:
        Mean distances, NaN where one has no frame. [B]
    """
    rows, first, second = distances.shape
    position = torch.arange(first, device=distances.device)
    across = torch.arange(first + second - 1, device=distances.device)[:, None] - position  # [K, I]: j on diagonal k
    inside = (across >= 0) & (across < second)
    slanted = distances[:, position, across.clamp(0, second - 1)].masked_fill(~inside, torch.inf)  # [B, K, I]
    last, best = (distances.new_full((rows, first), torch.inf) for _ in range(2))
    sums: list[Tensor] = []
    for k, own in enumerate(slanted.unbind(1)):
        both = _down(last) + 2 * own if k else torch.where(position == 0, 2 * own, torch.inf)
        one = torch.minimum(best, _down(best)) + own
        last, best = best, torch.minimum(both, one)
        sums.append(best)
    ends = (lengths + others - 2).clamp(min=0), (lengths - 1).clamp(min=0)
    found = torch.stack(sums, 1)[torch.arange(rows, device=distances.device), *ends]
    return (found / (lengths + others)).masked_fill((lengths == 0) | (others == 0), torch.nan)


def _down(sums: Tensor) -> Tensor:
    """Shift by one frame of the first sequence. [B, I]"""
    return F.pad(sums, (1, 0), value=torch.inf)[:, :-1]
