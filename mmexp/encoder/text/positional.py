"""Words as vectors that know their place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.base import Cache, TextEncoder


class PositionalEncoder(TextEncoder):
    """Embed words by what they are and where they stand, and nothing more: ``norm(word_i + position_i)``.

    For early fusion, where patches and words meet in one transformer: ``fusion=transformer encoder/image=patches
    encoder/text=positional``.

    Source: Devlin et al. 2019, "BERT", https://arxiv.org/abs/1810.04805, sec. 3, its input representation; for early
    fusion: Kim et al. 2021, "ViLT", https://arxiv.org/abs/2102.03334, eq. 1. Differs: the fusion adds the embedding of
    the modality.

    Args:
        dim: Width D of the tokens.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Accepted for both values, since a word sees only itself.
        max_length: Ids at most, begin and end included.
        dropout: Probability of dropping a feature.

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
        dropout: float = 0.1,
    ) -> None:
        super().__init__(dim=dim, vocab_size=vocab_size, tokenizer=tokenizer, causal=causal, max_length=max_length)
        self.position = nn.Parameter(torch.randn(max_length, dim) * 0.02)
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Padded) -> Tokens:
        length = inputs.values.shape[1]
        words = self.norm(self.embedding(inputs.values) + self.position[:length])  # [B, L, D]
        return Tokens(self.dropout(words), inputs.mask)

    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        length = cache.length if cache else 0
        return self.norm(self.embedding(ids) + self.position[length]), Cache((), length + 1)
