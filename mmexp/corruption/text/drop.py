"""A contiguous part of a text is lost. MuteBench, 2026."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.segment import segment
from mmexp.corruption.texts import Text, each

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7)
"""Share of the words."""


def corrupt(value: Text, level: float, generator: np.random.Generator) -> Text:
    """Leave words out that follow on one another."""

    def cut(text: str) -> str:
        words = text.split()
        del words[segment(len(words), level, generator)]
        return " ".join(words)

    return each(value, cut)
