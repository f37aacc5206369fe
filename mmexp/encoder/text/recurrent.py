"""What recurrent text encoders share."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.base import Cache, TextEncoder
from mmexp.layer.recurrent import Cell, Recurrent


class RecurrentEncoder(TextEncoder):
    """Encode words with a recurrent network, bidirectional unless causal; a subclass names its cell.

    Args:
        dim: Width D of the tokens; even if not causal, since each direction gets half.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Read forwards only.
        max_length: Ids at most, begin and end included.
        depth: Layers.
        dropout: Probability of dropping a feature between layers and of the words.
        vectors: Path of a text file of word vectors to start from, as of GloVe or word2vec; see ``word_vectors``.

    Shape:
        ids [B, L] -> Tokens [B, L, D].

    Raises:
        ValueError: If dim is odd and the encoder reads both ways.
    """

    cell: ClassVar[Cell]

    def __init__(
        self,
        *,
        dim: int,
        vocab_size: int,
        tokenizer: str,
        causal: bool = False,
        max_length: int = 64,
        depth: int = 1,
        dropout: float = 0.1,
        vectors: str | None = None,
    ) -> None:
        super().__init__(
            dim=dim,
            vocab_size=vocab_size,
            tokenizer=tokenizer,
            causal=causal,
            max_length=max_length,
            vectors=vectors,
        )
        self.dropout = nn.Dropout(dropout)
        self.recurrent = Recurrent(cell=self.cell, width=dim, dim=dim, depth=depth, causal=causal, dropout=dropout)

    def forward(self, inputs: Padded) -> Tokens:
        words = self.dropout(self.embedding(inputs.values))  # [B, L, D]
        return self.recurrent(Tokens(words, inputs.mask))  # type: ignore[no-any-return]

    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        features, states = self.recurrent.step(self.embedding(ids), cache.states if cache else ())
        return features, Cache(states, cache.length + 1 if cache else 1)
