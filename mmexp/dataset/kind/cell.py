"""Cells of a table: empty ones, and those of a CSV that hold JSON text."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_ITEM = re.compile(r"""'[^']*'|"[^"]*"|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?""")


def absent(value: Any) -> bool:
    """Return whether a cell is empty: null, an empty text or an empty list."""
    return value is None or value == "" or value == []


def parse(value: Any) -> Any:
    """Return a cell of text that is a list, as JSON, Python, pandas or numpy write it, as that list; else as it is."""
    if not isinstance(value, str) or not value.strip().startswith("["):
        return value
    for read in (json.loads, _read_python, _read_numpy):
        try:
            if isinstance(found := read(value.strip()), list):
                return found
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return value


def _read_python(text: str) -> Any:
    """Read a literal; texts with no comma between them, which Python would join, are left to ``_read_numpy``."""
    if re.search(r"""(['"])\s+(['"])""", text):
        raise ValueError("no comma between texts")
    return ast.literal_eval(text)


def _read_numpy(text: str) -> list[Any]:
    """Read an array of one dimension as numpy prints it: numbers or texts with blanks between them.

    Raises:
        ValueError: If it is anything else.
    """
    inner = text.removeprefix("[").removesuffix("]").strip()
    items = [item.strip() for item in _ITEM.findall(inner)]
    if "".join(items) != re.sub(r"\s+(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)", "", inner) or not text.endswith("]"):
        raise ValueError("no array")
    return [ast.literal_eval(item) for item in items]


def as_list(value: Any) -> Any:
    """Return a cell of one or many values as a list; an empty one as it is."""
    found = parse(value)
    return found if isinstance(found, list) or absent(found) else [found]
