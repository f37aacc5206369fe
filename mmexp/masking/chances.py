"""Draw what is masked."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def chances_of(names: Sequence[str], count: int) -> Tensor:
    """Chances that depend on the sample alone, the first ones not on how many there are. -> uniform [B, count]"""
    rows = [np.random.default_rng(zlib.crc32(name.encode())).random(count, np.float32) for name in names]
    return torch.from_numpy(np.stack(rows))


def lowest(chances: Tensor, real: Tensor, ratio: float) -> Tensor:
    """Mark a fraction of the real cells of each row, at least one, by the lowest chances. [B, P] -> bool [B, P]"""
    count = (real.sum(1, keepdim=True) * ratio).round().clamp(min=1)
    return (chances.masked_fill(~real, 2).argsort(1).argsort(1) < count) & real
