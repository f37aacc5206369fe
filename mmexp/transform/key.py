"""Values as numbers that can be compared across processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Batch, Padded
from mmexp.transform.base import Transform, stack


def key(value: Any) -> int:
    """63 bits that stand for a value, the same in every process and run; in their order chance has no part."""
    encoded = json.dumps(value, sort_keys=True, default=str).encode()
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest()) >> 1


def keys_of(batch: Batch, name: str) -> list[int]:
    """Return a number for an input of each sample of a batch, the same where it is of the same file."""
    files: Sequence[Mapping[str, str]] = batch.files or [{}] * len(batch)
    return [key([own[name]] if name in own else i) for i, own in zip(batch.ids, files, strict=True)]


class KeyTransform(Transform):
    """Keep of a value only which others it equals: two have the same key if and only if they are the same.

    Shape:
        any value -> int64 []; of a batch [B].
    """

    def prepare(self, raw: Any) -> Tensor:
        return torch.tensor(key(raw))

    def collate(self, items: Sequence[Tensor | None]) -> Padded:
        return stack(items, torch.tensor(0))
