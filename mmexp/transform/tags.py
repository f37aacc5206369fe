"""Tags of words to class numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad
from mmexp.transform.label import UNSEEN


@dataclass(frozen=True)
class Tags:
    """The tags of a batch, as numbers and as texts.

    Args:
        values: One per word: the number of its tag, UNSEEN for one that training never had. [B, L]
        raw: By sample, None where there are none; each entity begins with a B-.
    """

    values: Padded
    raw: list[list[str] | None]


class TagsTransform(Transform):
    """Number each tag by its place, once the row begins every entity with a B-.

    Args:
        tags: All that may be answered; place i is class i.
    """

    def __init__(self, *, tags: Sequence[str]) -> None:
        self.numbers = {tag: number for number, tag in enumerate(tags)}

    def prepare(self, raw: Sequence[str]) -> tuple[list[str], Tensor]:
        row = repaired(raw)
        return row, torch.tensor([self.numbers.get(tag, UNSEEN) for tag in row], dtype=torch.long)

    def collate(self, items: Sequence[tuple[list[str], Tensor] | None]) -> Tags:
        values = pad([None if item is None else item[1] for item in items], UNSEEN)
        return Tags(values, [None if item is None else item[0] for item in items])


def repaired(tags: Sequence[str]) -> list[str]:
    """Let an I- that continues nothing of its type begin an entity: ``O I-x`` becomes ``O B-x``."""
    row: list[str] = []
    for tag in tags:
        kind = tag[2:]
        orphan = tag.startswith("I-") and (not row or row[-1] not in (f"B-{kind}", f"I-{kind}"))
        row.append(f"B-{kind}" if orphan else tag)
    return row
