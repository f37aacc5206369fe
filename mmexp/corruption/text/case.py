"""Words in capitals."""

from __future__ import annotations

import numpy as np

from mmexp.corruption.texts import Text, each

LEVELS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Share of the words, on average."""


def corrupt(value: Text, level: float, generator: np.random.Generator) -> Text:
    """Write some words in capitals."""
    return each(
        value, lambda text: " ".join(word.upper() if generator.random() < level else word for word in text.split())
    )
