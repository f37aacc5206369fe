"""Words as vectors, without context."""

from __future__ import annotations

from torch import Tensor, nn

from mmexp.contract import Padded, Tokens
from mmexp.encoder.text.base import Cache, TextEncoder


class EmbeddingEncoder(TextEncoder):
    """Encode words with an embedding, without context or order.

    Source: Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods", with mean pooling on top.
    Differs: LayerNorm after it, so that words weigh as much as the tokens of other encoders from the start.

    Args:
        dim: Width D of the tokens.
        vocab_size: Number of ids V.
        tokenizer: Path of the tokenizer's file.
        causal: Accepted for both values, since a word sees only itself.
        max_length: Ids at most, begin and end included.
        vectors: Path of a text file of word vectors to start from, as of GloVe or word2vec; see ``word_vectors``.

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
        self.norm = nn.LayerNorm(dim)

    def forward(self, inputs: Padded) -> Tokens:
        return Tokens(self.norm(self.embedding(inputs.values)), inputs.mask)  # [B, L, D]

    def step(self, ids: Tensor, cache: Cache | None) -> tuple[Tensor, Cache]:
        return self.norm(self.embedding(ids)), Cache((), cache.length + 1 if cache else 1)
