"""Lists of words, tagged one by one."""

from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder


class WordsKind(Kind):
    """Words in order, as a list of str."""

    inputs = {"words": ("words", "tokens")}
    order = 60
    prose = True

    def read(self, cell: Any, folder: Folder) -> list[str]:
        return read_words(cell)


def read_words(value: Any) -> list[str]:
    """Check a list of words; a plain text is split at its blanks.

    Raises:
        ValueError: If it is anything else, or a word is empty.
    """
    given = parse(value)
    words = given.split() if isinstance(given, str) else given
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise ValueError(f"must be a list of words, got {value!r}")
    return words
