"""What there is to choose from: items by name, how often each was taken, and what is known of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmexp.error import DataError


@dataclass(frozen=True)
class Catalogue:
    """All candidates in order.

    Args:
        items: Their names, I of them.
        counts: How often each occurs in training. [I]
        parts: Content by part, such as ``titles``: zero for an item that lacks it. [I, F]
    """

    items: tuple[str, ...]
    counts: Tensor
    parts: Mapping[str, Tensor]

    @classmethod
    def read(cls, path: str) -> Catalogue:
        """Read JSON lines of ``item``, ``count`` and ``content``, numbers by part.

        Raises:
            DataError: If there are fewer than two items, or a line is none, or not like the others.
        """
        rows: list[dict[str, Any]] = []
        widths: dict[str, int] = {}
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
            try:
                rows.append(_row(line, widths))
            except (ValueError, TypeError, LookupError) as fault:
                rule = f"catalogue must hold an item, its count and its content, got {line[:60]!r} ({fault})."
                raise DataError(rule, path=f"{path}:{number}") from None
        names = tuple(row["item"] for row in rows)
        if len(names) < 2 or len({*names}) < len(names):
            raise DataError(f"catalogue must hold two items at least, each once, got {len({*names})}.", path=path)
        parts = {name: torch.zeros(len(rows), width) for name, width in widths.items()}
        for place, row in enumerate(rows):
            for name, numbers in row["content"].items():
                parts[name][place] = torch.tensor(numbers)
        return cls(names, torch.tensor([row["count"] for row in rows]), parts)

    def content(self, names: Sequence[str] | None = None) -> Tensor:
        """Content of each item, the named parts side by side; all if None. [I, F]

        Raises:
            ValueError: If there is no such part.
        """
        wanted = list(self.parts if names is None else names)
        if unknown := [name for name in wanted if name not in self.parts]:
            known = ", ".join(self.parts) or "none"
            raise ValueError(f"Catalogue: content must be of {known}, got {unknown[0]!r}.")
        return torch.cat([torch.zeros(len(self.items), 0), *(self.parts[name] for name in wanted)], 1)


def _row(line: str, widths: dict[str, int]) -> dict[str, Any]:
    """One item; notes how wide each part is."""
    row = json.loads(line)
    if not isinstance(row["item"], str) or type(row["count"]) is not int:
        raise ValueError("item must be a text and count a whole number")
    for name, numbers in row["content"].items():
        if len(numbers) != widths.setdefault(name, len(numbers)):
            raise ValueError(f"{name} must be {widths[name]} numbers")
    return dict(row)
