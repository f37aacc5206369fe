"""Pre-norm attention blocks that survive rows without a real token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FeatureDropout(nn.Module):
    """Drop the same features at every position of a row. [B, N, D] -> [B, N, D]

    It draws N times fewer random numbers than plain dropout, which on a CPU cost more than the layers themselves.

    Source: Gal and Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks".

    Args:
        probability: Of dropping a feature, in [0, 1).
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.probability:
            return x
        kept = torch.rand(x.shape[0], 1, x.shape[-1], device=x.device) >= self.probability
        return x * (kept.to(x.dtype) / (1 - self.probability))


class Mlp(nn.Sequential):
    """Apply two linear layers with GELU between. [B, N, D] -> [B, N, D]"""

    def __init__(self, dim: int, mlp_ratio: float, dropout: float) -> None:
        hidden = int(dim * mlp_ratio)
        super().__init__(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim), FeatureDropout(dropout))


class Attention(nn.Module):
    """Attend with several heads over keys, with a key mask.

    Source: Vaswani et al. 2017, "Attention Is All You Need", eq. 1.

    Args:
        dim: Width D.
        num_heads: Heads H; must divide dim.
        dropout: Probability of dropping a feature of the output.

    Attributes:
        seen: Weights of each call so far, within ``watched``. [B, H, N, S]

    Shape:
        queries [B, N, D], keys [B, S, D], mask [B, S] or None -> [B, N, D]. Where no key is real, the output is the
        output layer's bias.

    Raises:
        ValueError: If num_heads does not divide dim.
    """

    def __init__(self, dim: int, num_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if dim % num_heads:
            raise ValueError(f"Attention: num_heads must divide dim {dim}, got {num_heads}.")
        self.num_heads = num_heads
        self.seen: list[Tensor] | None = None
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)
        self.dropout = FeatureDropout(dropout)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        return self.attend(queries, *self.project(keys), mask, causal)

    def project(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values by head. [B, S, D] -> twice [B, H, S, D / H]"""
        key, value = self.key_value(keys).chunk(2, -1)
        return self.split(key), self.split(value)

    def split(self, features: Tensor) -> Tensor:
        """[B, N, D] -> [B, H, N, D / H]"""
        return features.view(*features.shape[:2], self.num_heads, -1).transpose(1, 2)

    def attend(self, queries: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        """Attend over keys and values that were projected before."""
        bias = None
        if mask is not None:
            bias = torch.zeros(mask.shape, dtype=key.dtype, device=mask.device).masked_fill_(~mask, -1e4)
            bias = bias[:, None, None]  # [B, 1, 1, S]
        query = self.split(self.query(queries))
        if self.seen is not None:
            self.seen.append(attention_weights(query, key, bias, causal))
        mix = plain_attention if key.device.type == "cpu" else F.scaled_dot_product_attention
        mixed = mix(query, key, value, attn_mask=bias, is_causal=causal)  # [B, H, N, D / H]
        if mask is not None:
            mixed = mixed * mask.any(1)[:, None, None, None]
        return self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))  # type: ignore[no-any-return]


def plain_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False
) -> Tensor:
    """Attend as ``scaled_dot_product_attention`` does, which on CPUs is up to six times slower to train in bfloat16.

    Shape:
        [B, H, N, d], [B, H, S, d], [B, H, S, d], mask added to the weights [B, 1, 1, S] -> [B, H, N, d].
    """
    return attention_weights(query, key, attn_mask, is_causal).to(value.dtype) @ value


def attention_weights(query: Tensor, key: Tensor, attn_mask: Tensor | None, is_causal: bool) -> Tensor:
    """Return how much each query attends to each key; they sum to 1. [B, H, N, d], [B, H, S, d] -> [B, H, N, S]"""
    weights: Tensor = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)  # [B, H, N, S]
    if is_causal:
        future = torch.ones(weights.shape[-2:], dtype=torch.bool, device=weights.device).triu(1)
        weights = weights.masked_fill(future, -1e4)
    if attn_mask is not None:
        weights = weights + attn_mask
    return weights.softmax(-1)


@contextmanager
def watched(module: nn.Module) -> Iterator[list[Tensor]]:
    """Gather the weights of each call of the attention layers in a module within the block, in order. [B, H, N, S]"""
    layers = [part for part in module.modules() if isinstance(part, Attention)]
    seen: list[Tensor] = []
    for layer in layers:
        layer.seen = seen
    try:
        yield seen
    finally:
        for layer in layers:
            layer.seen = None


class SelfAttentionBlock(nn.Module):
    """Compute x + attention(norm(x)), then x + mlp(norm(x)). [B, N, D] -> [B, N, D]"""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float = 4.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, num_heads, dropout)
        self.mlp = Mlp(dim, mlp_ratio, dropout)

    def forward(self, x: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attention(normed, normed, mask, causal)
        return x + self.mlp(self.norm2(x))  # type: ignore[no-any-return]

    def step(
        self, x: Tensor, past: tuple[Tensor, ...], rows: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """One more position: x [R, 1, D] and keys, values so far [R, H, L, D / H] -> [R, 1, D], both with it.

        With indices rows [R], row r goes on from row rows[r] of what was kept; no gradient then flows to that.
        """
        normed = self.norm1(x)
        fresh = self.attention.project(normed)
        key, value = (_extend(*pair, rows) for pair in zip(past, fresh, strict=True)) if past else fresh
        x = x + self.attention.attend(normed, key, value, None)
        return x + self.mlp(self.norm2(x)), (key, value)


def _extend(past: Tensor, fresh: Tensor, rows: Tensor | None) -> Tensor:
    """Past [P, H, L, d] and fresh [R, H, 1, d] -> [R, H, L + 1, d], in one copy."""
    if rows is None:
        return torch.cat((past, fresh), 2)
    whole = fresh.new_empty(*fresh.shape[:2], past.shape[2] + 1, fresh.shape[3])
    torch.index_select(past.detach(), 0, rows, out=whole[:, :, :-1])
    whole[:, :, -1:] = fresh
    return whole
