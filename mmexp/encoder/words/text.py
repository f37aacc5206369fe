"""A text encoder over words that come one by one."""

from __future__ import annotations

from mmexp.contract import Padded, Tokens
from mmexp.encoder.base import Encoder
from mmexp.encoder.text.base import TextEncoder
from mmexp.transform.words import WordsTransform


class WordsEncoder(Encoder):
    """Encode split words with any text encoder, one token per word.

    Source: Lample et al. 2016, "Neural Architectures for Named Entity Recognition", https://arxiv.org/abs/1603.01360,
    sec. 4, one vector per word. Differs: no characters.

    Args:
        text: Reads the ids, one per word; its max_length is the most words that are read.

    Shape:
        ids [B, L] -> Tokens [B, L, D].
    """

    transform: WordsTransform

    def __init__(self, *, text: TextEncoder) -> None:
        super().__init__()
        self.text = text
        self.transform = WordsTransform(tokenizer=text.transform.tokenizer.path, max_length=text.max_length)

    def forward(self, inputs: Padded) -> Tokens:
        return self.text(inputs)  # type: ignore[no-any-return]
