"""Text encoders read ids; causal ones can also be fed one id at a time."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from mmexp.encoder.base import Encoder
from mmexp.encoder.text.word_vectors import start_from
from mmexp.transform.text import TextTransform


@dataclass(frozen=True)
class Cache:
    """Keep what a causal encoder has read.

    Args:
        states: Tensors with R rows first.
        length: Ids read so far.
    """

    states: tuple[Tensor, ...]
    length: int

    def select(self, rows: Tensor) -> Cache:
        """Reorder or repeat rows, as beam search does. rows: indices [R2]"""
        return Cache(tuple(state.index_select(0, rows) for state in self.states), self.length)


class TextEncoder(Encoder):
    """Encode text ids as tokens, one per id.

    Args:
        dim: Width D of the tokens.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Whether token i depends on ids up to i only.
        max_length: Ids at most, begin and end included.
        vectors: Path of a text file of word vectors to start from, as of GloVe or word2vec.

    Shape:
        ids [B, L] -> Tokens [B, L, D].
    """

    transform: TextTransform
    embedding: torch.nn.Embedding

    def __init__(
        self,
        *,
        dim: int,
        vocab_size: int,
        tokenizer: str,
        causal: bool,
        max_length: int,
        vectors: str | None = None,
    ) -> None:
        super().__init__()
        self.causal = causal
        self.max_length = max_length
        self.transform = TextTransform(tokenizer=tokenizer, max_length=max_length)
        self.embedding = torch.nn.Embedding(vocab_size, dim)
        torch.nn.init.normal_(self.embedding.weight, std=0.02)
        if vectors:
            self.notes = (start_from(vectors, self.embedding, self.transform.tokenizer),)

    @abstractmethod
    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        """Read one more id per row: ids [R], the cache so far -> features [R, D], the cache with them.

        Feeding a row id by id gives what ``forward`` gives at each position, in evaluation mode.
        """
