"""Words that a text is split into already, to one id each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.text import Tokenizer


class WordsTransform(Transform):
    """One id per word, so that token i is word i: no begin, no end.

    A word that the tokenizer takes apart is known by its first piece; one that it drops, such as a full stop, is an
    unknown word.

    Args:
        tokenizer: Path of the tokenizer's file.
        max_length: Words at most; what follows is cut.

    Shape:
        list of L words -> ids [min(L, max_length)].

    Raises:
        ValueError: If max_length < 1.
    """

    limit = "max_length"

    def __init__(self, *, tokenizer: str, max_length: int = 64) -> None:
        if max_length < 1:
            raise ValueError(f"WordsTransform: max_length must be at least 1, got {max_length}.")
        self.tokenizer = Tokenizer(tokenizer)
        self.max_length = max_length

    def length(self, raw: Sequence[str]) -> int:
        return len(raw)

    def prepare(self, raw: Sequence[str]) -> Tensor:
        pieces = self.tokenizer.encode_batch(raw[: self.max_length])
        return torch.tensor([ids[0] if ids else Tokenizer.unk for ids in pieces], dtype=torch.long)

    def collate(self, items: Sequence[Tensor | None]) -> Padded:
        return pad(items, Tokenizer.pad)
