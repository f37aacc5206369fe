"""Typing errors. Belinkov and Bisk 2018, "Synthetic and Natural Noise Both Break Neural Machine Translation"."""

from __future__ import annotations

from functools import partial

import numpy as np

from mmexp.corruption.letters import misspell
from mmexp.corruption.texts import Text, each

LEVELS = (0.1, 0.2, 0.3, 0.45, 0.6)
"""Share of the words that have one, on average."""


def corrupt(value: Text, level: float, generator: np.random.Generator) -> Text:
    """Swap two letters that follow on one another, leave one out, or write another, in some words."""
    wrong = partial(misspell, generator=generator)

    def mistyped(text: str) -> str:
        return " ".join(wrong(word) if generator.random() < level else word for word in text.split())

    return each(value, mistyped)
