"""Attention rollout: how much a token attends to another through several layers.

Source: Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", https://arxiv.org/abs/2005.00928, eq. 1:
each layer is ``0.5 A + 0.5 I``, the identity for the residual connection, and layers are multiplied. Of one layer alone
the attention is returned as it is. Heads are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def through(maps: Sequence[Tensor]) -> Tensor:
    """Follow self-attention through its layers, the first of which may have other keys than queries.

    Args:
        maps: Weights of each layer: [B, H, N, S], then [B, H, N, N].

    Returns:
        How much each token after the last layer attends to each before the first. [B, N, S]
    """
    first, *others = [one.float().mean(1) for one in maps]
    if others and first.shape[-1] == first.shape[-2]:
        first = with_residual(first)
    for one in others:
        first = with_residual(one) @ first
    return first


def across(maps: Sequence[Tensor]) -> tuple[float, Tensor]:
    """Follow cross-attention through layers that all read one context, which stays as it is.

    Args:
        maps: Weights of each layer. [B, H, N, S]

    Returns:
        How much each token stays itself, and how much it attends to each of the context. [B, N, S]
    """
    every = [one.float().mean(1) for one in maps]
    if len(every) == 1:
        return 0.0, every[0]
    shares = [0.5 ** (len(every) - i) for i in range(len(every))]
    return 0.5 ** len(every), torch.stack([share * one for share, one in zip(shares, every, strict=True)]).sum(0)


def with_residual(weights: Tensor) -> Tensor:
    """Average attention with the identity. [B, N, N]"""
    return 0.5 * weights + 0.5 * torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
