"""Rows of an evaluation, from all processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch

T = TypeVar("T")


def gather_rows(rows: list[T], world: int) -> list[T]:
    """Rows of all processes, in the order of the samples."""
    if world == 1:
        return rows
    parts: list[Sequence[T]] = [[] for _ in range(world)]
    torch.distributed.all_gather_object(parts, rows)
    longest = max(map(len, parts))
    return [part[i] for i in range(longest) for part in parts if i < len(part)]
