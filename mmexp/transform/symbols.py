"""Symbols, such as items of a shop or nodes of a graph, to one id each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmexp.contract import Padded
from mmexp.transform.base import Transform, pad

UNKNOWN = 0
"""Id of a symbol that training never had."""


class SymbolsTransform(Transform):
    """Number one symbol or a row of them, from 1; of a long row the last ones are kept.

    Args:
        symbols: Those of the training split, in order.
        max_length: Symbols at most.

    Shape:
        a symbol -> ids [1]; a list of L symbols -> ids [min(L, max_length)].

    Raises:
        ValueError: If max_length < 1.
    """

    limit = "max_length"

    def __init__(self, *, symbols: Sequence[str], max_length: int = 64) -> None:
        if max_length < 1:
            raise ValueError(f"SymbolsTransform: max_length must be at least 1, got {max_length}.")
        self.numbers = {symbol: number for number, symbol in enumerate(symbols, UNKNOWN + 1)}
        self.max_length = max_length

    def length(self, raw: str | Sequence[str]) -> int:
        return 1 if isinstance(raw, str) else len(raw)

    def prepare(self, raw: str | Sequence[str]) -> Tensor:
        row = [raw] if isinstance(raw, str) else raw[-self.max_length :]
        return torch.tensor([self.numbers.get(symbol, UNKNOWN) for symbol in row], dtype=torch.long)

    def collate(self, items: Sequence[Tensor | None]) -> Padded:
        return pad(items, UNKNOWN)
