"""What fusions of tokens share: tokens marked with their modality, and a self-attention block over one position."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion
from mmexp.layer.attention import SelfAttentionBlock


class TokenFusion(Fusion):
    """Fuse the tokens of all modalities as one set, each marked with the embedding of its modality.

    Args:
        dim: Width D of the tokens in and out.
        modalities: Names it may be given, in order; the first is the anchor in the anchored form.
    """

    def __init__(self, *, dim: int, modalities: Sequence[str]) -> None:
        super().__init__(dim=dim, modalities=modalities)
        self.origin = nn.Parameter(torch.randn(len(self.modalities), dim) * 0.02)

    def onto(self, anchor: Tokens, context: Mapping[str, Tokens]) -> Tokens:
        return self.bind(context)(anchor)

    @abstractmethod
    def bind(self, context: Mapping[str, Tokens]) -> Callable[[Tokens], Tokens]: ...

    def mark(self, name: str, own: Tokens) -> Tokens:
        """Add the embedding of their modality to its tokens."""
        return Tokens(own.features + self.origin[self.slot(name)], own.mask)

    def gather(self, tokens: Mapping[str, Tokens]) -> Tokens:
        """Mark and concatenate all tokens; of no modality at all, one row with one position of padding."""
        if not tokens:
            return Tokens(self.origin.new_zeros(1, 1, self.dim), self.origin.new_zeros(1, 1, dtype=torch.bool))
        return Tokens.cat([self.mark(name, own) for name, own in tokens.items()])


def keys_values(block: SelfAttentionBlock, context: Tensor) -> tuple[Tensor, Tensor]:
    """Project a context [B, S, D] for ``block_beside``, laid out to be read many times. -> twice [B, H, S, D / H]"""
    key, value = block.attention.project(block.norm1(context))
    return key.contiguous(), value.contiguous()


def block_beside(block: SelfAttentionBlock, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Run a self-attention block at each position alone: it sees itself and a context, not its neighbours.

    Shape:
        x [B, N, D], keys and values [B or 1, H, S, D / H], mask [B or 1, S] or None -> [B, N, D].
    """
    attention, normed = block.attention, block.norm1(x)
    query = attention.split(attention.query(normed)) * (x.shape[-1] // attention.num_heads) ** -0.5  # [B, H, N, d]
    key, value = attention.project(normed)
    itself = (query * key).sum(-1, keepdim=True)  # [B, H, N, 1]
    others = query @ keys.transpose(-1, -2)  # [B, H, N, S]
    if mask is not None:
        others = others.masked_fill(~mask[:, None, None], -1e4)
    weights = torch.cat([itself, others], -1).float().softmax(-1).to(value.dtype)
    mixed = weights[..., :1] * value + weights[..., 1:] @ values.to(value.dtype)  # [B, H, N, d]
    x = x + attention.dropout(attention.out(mixed.transpose(1, 2).flatten(2)))
    return x + block.mlp(block.norm2(x))  # type: ignore[no-any-return]
