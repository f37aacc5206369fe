"""Labels to class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from mmexp.contract import Padded
from mmexp.transform.base import Transform
from mmexp.transform.spelling import spelling

UNSEEN = -100


@dataclass(frozen=True)
class Labels:
    """The labels of a batch, as numbers and by name.

    Args:
        values: One label per sample: the number of its class, UNSEEN for one that training never had. [B]
            Several: 1 for each class it has, and in one more column for having any unseen one. [B, C + 1]
            One, mixed of samples: what share of it is of each class. [B, C]
            The mask marks which samples are labelled. [B]
        raw: By sample, as its class is called where it has one; None where there is no label.
        classes: Number C of classes.
    """

    values: Padded
    raw: list[Any]
    classes: int = 0

    def mixed(self, order: Tensor, share: float) -> Labels:
        """Mix the labels of each sample with those of another; a mixture of what is not labelled is not.

        Args:
            order: Number of the other sample. [B]
            share: Of its own, in [0, 1].
        """
        values, mask = self.values.values, self.values.mask
        if values.ndim == 1:
            mask = mask & (values != UNSEEN)
            values = F.one_hot(values.clamp(min=0), self.classes)
        return replace(self, values=Padded(share * values + (1 - share) * values[order], mask & mask[order]))


class LabelTransform(Transform):
    """Number a label by its place among the classes, whatever type and blanks it comes with: 1, "1" and 1.0 are one.

    Args:
        classes: The training split's values; place i is class i.
        multilabel: Whether a sample has a list of labels.
    """

    def __init__(self, *, classes: Sequence[Any], multilabel: bool = False) -> None:
        self.classes = list(classes)
        self.numbers = {value: number for number, value in enumerate(classes)}
        self.spellings = {spelling(value): number for number, value in enumerate(classes)}
        self.multilabel = multilabel

    def prepare(self, raw: Any) -> tuple[Any, Tensor]:
        if not self.multilabel:
            number = self.number(raw)
            return (raw, torch.tensor(UNSEEN)) if number is None else (self.classes[number], torch.tensor(number))
        numbers = [self.number(value) for value in raw]
        row = torch.zeros(len(self.classes) + 1)
        row[[len(self.classes) if number is None else number for number in numbers]] = 1
        named = zip(raw, numbers, strict=True)
        return list(dict.fromkeys(value if number is None else self.classes[number] for value, number in named)), row

    def number(self, value: Any) -> int | None:
        """Return the place of the class of a label, None if training never had it."""
        return self.numbers.get(value, self.spellings.get(spelling(value)))

    def collate(self, items: Sequence[tuple[Any, Tensor] | None]) -> Labels:
        blank = torch.zeros(len(self.classes) + 1) if self.multilabel else torch.tensor(UNSEEN)
        values = torch.stack([blank if item is None else item[1] for item in items])
        mask = torch.tensor([item is not None for item in items])
        raw = [None if item is None else item[0] for item in items]
        return Labels(Padded(values, mask), raw, len(self.classes))
