"""Words that a text is split into already, to the pieces of a pretrained tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.hf_text import HfTextTransform


@dataclass(frozen=True)
class Pieces(Padded):
    """The words of a batch in pieces.

    Args:
        values: Ids of the pieces, special ones included. [B, P]
        mask: Which pieces are real. [B, P]
        first: Place of the first piece of each word. [B, L]
        words: Which words are real. [B, L]
    """

    first: Tensor
    words: Tensor


class HfWordsTransform(Transform):
    """Split words into the pieces of a pretrained tokenizer, and note where each begins.

    Args:
        folder: Of the tokenizer's files.
        max_length: Words at most; what follows is cut, and so is what the model has no positions for.
        max_pieces: Pieces at most, special ones included.

    Shape:
        list of L words -> ids [P] and the first piece of each word [L].
    """

    limit = "max_length"
    packages = HfTextTransform.packages

    def __init__(self, *, folder: str, max_length: int, max_pieces: int) -> None:
        self.text = HfTextTransform(folder=folder, max_length=max_pieces)
        self.max_length = max_length

    def describe(self) -> dict[str, Any]:
        """Return the limits, and a hash of the files of the tokenizer."""
        return {**self.text.describe(), "class": type(self).__qualname__, "max_words": self.max_length}

    def length(self, raw: Sequence[str]) -> int:
        return len(raw)

    def prepare(self, raw: Sequence[str]) -> tuple[Tensor, Tensor]:
        own = self.text.tokenizer
        pieces = [own.encode(f" {word}", add_special_tokens=False) for word in raw[: self.max_length]]
        start, end = (
            [one for one in kinds if one is not None][:1]
            for kinds in ((own.cls_token_id, own.bos_token_id), (own.sep_token_id, own.eos_token_id))
        )
        unknown = next((one for one in (own.unk_token_id, own.eos_token_id) if one is not None), 0)
        ids, first = list(start), []
        for own_ids in pieces:
            if len(ids) + max(1, len(own_ids)) + len(end) > self.text.max_length:
                break
            first.append(len(ids))
            ids += own_ids or [unknown]
        return torch.tensor([*ids, *end]), torch.tensor(first, dtype=torch.long)

    def collate(self, items: Sequence[tuple[Tensor, Tensor] | None]) -> Pieces:
        ids = pad([None if item is None else item[0] for item in items])
        first = pad([None if item is None else item[1] for item in items])
        return Pieces(ids.values, ids.mask, first.values, first.mask)
