"""Typing errors. Belinkov and Bisk 2018, "Synthetic and Natural Noise Both Break Neural Machine Translation"."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.letters import misspell
from mmexp.corruption.text.typos import LEVELS

__all__ = ["LEVELS", "corrupt"]


def corrupt(value: list[str], level: float, generator: np.random.Generator) -> list[str]:
    """Misspell some of the words."""
    return [misspell(word, generator) if generator.random() < level else word for word in value]
