"""Words are lost here and there. Liang et al. 2021, "MultiBench"."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.texts import Text, each

LEVELS = (0.1, 0.2, 0.3, 0.45, 0.6)
"""Share of the words, on average."""


def corrupt(value: Text, level: float, generator: np.random.Generator) -> Text:
    """Leave some words out."""
    return each(value, lambda text: " ".join(word for word in text.split() if generator.random() >= level))
