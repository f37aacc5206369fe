"""Labels to class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform

UNSEEN = -100


@dataclass(frozen=True)
class Labels:
    """The labels of a batch, as numbers and as the dataset gives them.

    Args:
        values: One label per sample: the number of its class, UNSEEN for one that training never had. [B]
            Several: 1 for each class it has, and in one more column for having any unseen one. [B, C + 1]
            The mask marks which samples are labelled. [B]
        raw: By sample, None where there is none.
    """

    values: Padded
    raw: list[Any]


class LabelTransform(Transform):
    """Number a label by its place among the classes.

    Args:
        classes: The training split's values; place i is class i.
        multilabel: Whether a sample has a list of labels.
    """

    def __init__(self, *, classes: Sequence[Any], multilabel: bool = False) -> None:
        self.numbers = {value: number for number, value in enumerate(classes)}
        self.multilabel = multilabel

    def prepare(self, raw: Any) -> tuple[Any, Tensor]:
        if not self.multilabel:
            return raw, torch.tensor(self.numbers.get(raw, UNSEEN))
        row = torch.zeros(len(self.numbers) + 1)
        row[[self.numbers.get(value, len(self.numbers)) for value in raw]] = 1
        return raw, row

    def collate(self, items: Sequence[tuple[Any, Tensor] | None]) -> Labels:
        blank = torch.zeros(len(self.numbers) + 1) if self.multilabel else torch.tensor(UNSEEN)
        values = torch.stack([blank if item is None else item[1] for item in items])
        mask = torch.tensor([item is not None for item in items])
        return Labels(Padded(values, mask), [None if item is None else item[0] for item in items])
