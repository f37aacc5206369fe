"""Captions of one sample to rows of token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.text import TextTransform, Tokenizer

Caption = tuple[str, Tensor]


@dataclass(frozen=True)
class Captions:
    """The captions of a batch, as ids and as they were written.

    Args:
        ids: Between begin and end; K is the most that one sample has. [B, K, T]
        texts: By sample.
    """

    ids: Padded
    texts: list[list[str]]


class CaptionsTransform(Transform):
    """Turn each caption into ids between begin and end.

    Args:
        text: What turns one text into ids, and cuts long ones.
        per_sample: Captions drawn at random per sample and epoch while training; None takes all.
    """

    def __init__(self, *, text: TextTransform, per_sample: int | None = None) -> None:
        self.text, self.per_sample = text, per_sample

    limit = "max_length"

    @property
    def max_length(self) -> int:
        """Ids of a caption at most."""
        return self.text.max_length

    def length(self, raw: str | Sequence[str]) -> int:
        return self.text.length([raw] if isinstance(raw, str) else list(raw))

    def prepare(self, raw: str | Sequence[str]) -> list[Caption]:
        texts = [raw] if isinstance(raw, str) else list(raw)
        return list(zip(texts, self.text.prepare(texts), strict=True)) if texts else []

    def augment(self, prepared: list[Caption], generator: np.random.Generator) -> list[Caption]:
        if self.per_sample is None or len(prepared) <= self.per_sample:
            return prepared
        return [prepared[i] for i in generator.choice(len(prepared), self.per_sample, replace=False)]

    def collate(self, items: Sequence[list[Caption] | None]) -> Captions:
        rows = [item or [] for item in items]
        most = max(1, *map(len, rows))
        slots = [row[i][1] if i < len(row) else None for row in rows for i in range(most)]
        shortest = torch.tensor([Tokenizer.bos, Tokenizer.eos])  # so that T is at least 2, also without any caption
        flat = pad([*slots, shortest], Tokenizer.pad)  # [B * K + 1, T]
        shape = (len(rows), most, flat.mask.shape[1])
        ids = Padded(flat.values[:-1].view(shape), flat.mask[:-1].view(shape))  # [B, K, T]
        return Captions(ids, [[text for text, _ in row] for row in rows])
