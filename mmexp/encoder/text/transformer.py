"""A small transformer over words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.base import Cache, TextEncoder
from mmexp.layer.attention import SelfAttentionBlock


@dataclass(frozen=True)
class KeyValueCache(Cache):
    """Keep keys and values of all blocks in turn, put in order only when the next id is read.

    Args:
        rows: Which kept row each row goes on from; None for its own. [R]
    """

    rows: Tensor | None = None

    def select(self, rows: Tensor) -> KeyValueCache:
        return replace(self, rows=rows if self.rows is None else self.rows[rows])


class TransformerEncoder(TextEncoder):
    """Encode words with a pre-norm transformer and learned positions, causal or not.

    Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2's block order).

    Args:
        dim: Width D of the tokens.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Whether a word sees only those before it.
        max_length: Ids at most, begin and end included.
        depth: Blocks.
        num_heads: Attention heads.
        mlp_ratio: Hidden width of each MLP over dim.
        dropout: Probability of dropping a feature, anywhere.

    Shape:
        ids [B, L] -> Tokens [B, L, D].
    """

    def __init__(
        self,
        *,
        dim: int,
        vocab_size: int,
        tokenizer: str,
        causal: bool = False,
        max_length: int = 64,
        depth: int = 2,
        num_heads: int = 4,
        mlp_ratio: float = 4.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, vocab_size=vocab_size, tokenizer=tokenizer, causal=causal, max_length=max_length)
        self.position = nn.Parameter(torch.randn(max_length, dim) * 0.02)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(SelfAttentionBlock(dim, num_heads, mlp_ratio, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        length = inputs.values.shape[1]
        x = self.dropout(self.embedding(inputs.values) + self.position[:length])  # [B, L, D]
        for block in self.blocks:
            x = block(x, None if self.causal else inputs.mask, self.causal)
        return Tokens(self.norm(x), inputs.mask)

    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        length = cache.length if cache else 0
        rows = cache.rows if isinstance(cache, KeyValueCache) else None
        x = (self.embedding(ids) + self.position[length]).unsqueeze(1)  # [R, 1, D]
        states: list[Tensor] = []
        for i, block in enumerate(self.blocks):
            past = cache.states[2 * i : 2 * i + 2] if cache else ()
            x, fresh = block.step(x, past, rows)  # type: ignore[operator]
            states.extend(fresh)
        return self.norm(x)[:, 0], KeyValueCache(tuple(states), length + 1)
