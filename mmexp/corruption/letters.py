"""Words that are misspelled."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np


def misspell(word: str, generator: np.random.Generator) -> str:
    """Swap two letters of a word, leave one out, or write another in its place; a word of one letter gets another."""
    way = int(generator.integers(3)) if len(word) > 1 else 2
    place = int(generator.integers(len(word) - (way == 0)))
    before, after = word[:place], word[place + 1 :]
    if way == 0:
        return before + after[0] + word[place] + after[1:]
    return before + ("" if way == 1 else ascii_lowercase[generator.integers(26)]) + after
