"""Texts: one, or several of a row that say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder
from mmexp.transform.tokenization import words

_FILE = re.compile(r"\S*[^\s.]\.\w{1,12}")


class TextKind(Kind):
    """Texts, as str or a list of str; anything that no other kind recognises."""

    suffixes = (".txt",)
    inputs = {"text": ("text", "title", "question", "captions")}
    order = 30
    prose = True
    many = True

    def specificity(self, cell: Any) -> int:
        """Take what no other kind recognises."""
        return 1

    def from_file(self, path: str) -> str:
        try:
            text = Path(path).read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise ValueError(f"must be readable as UTF-8, got {fault}") from fault
        if not text:
            raise ValueError("must hold a text, got none")
        return text

    def read(self, cell: Any, folder: Folder) -> str | list[str]:
        text = read_text(cell)
        if isinstance(text, str) and self._names_file(text, folder):
            raise ValueError(f"must be text, got the path of a file, {text!r}")
        return text

    def features(self, cell: Any, folder: Folder) -> list[str]:
        """Return the words of a text, in lower case, or the entries of a list."""
        given = parse(cell)
        return [str(one) for one in given] if isinstance(given, list) else words(str(given))

    def _names_file(self, text: str, folder: Folder) -> bool:
        if not _FILE.fullmatch(text):
            return False
        try:
            return folder.locate(text).is_file()
        except (ValueError, OSError):
            return False


def read_text(value: Any) -> str | list[str]:
    """Check one text, or the several texts of a row.

    Raises:
        ValueError: If it is anything else.
    """
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"must be text or a list of texts, got {value!r}")
    return value  # type: ignore[no-any-return]
