"""Cells of a table: empty ones, and those of a CSV that hold a list."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from typing import Any

_ARRAY = re.compile(r"^\s*array\((.*?)(?:,\s*dtype=[\w'<>|.]+)?\)\s*$", re.DOTALL)
_WORDS = {"None": None, "True": True, "False": False, "null": None, "nan": float("nan"), "inf": float("inf")}
# one bracket, comma, text in quotes, number or word of a printed list
_TOKEN = re.compile(
    r"\s*(?:(?P<open>\[)|(?P<close>\])|,|(?P<value>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
    r"|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[\s,\]])|(?:None|True|False|null|nan|inf)(?=[\s,\]])))\s*"
)
_NO_ESCAPE = re.compile(r"\\(?![\\'\"abfnrtvxuU0-7])")


def absent(value: Any) -> bool:
    """Return whether a cell is empty: null, an empty text or an empty list."""
    return value is None or value == "" or value == []


def parse(value: Any) -> Any:
    """Return a cell of text that holds a list, as a CSV has it, as that list; anything else as it is.

    Lists are read as JSON, Python, pandas and NumPy write them: ``["a", 1]``, ``['a', None]``, ``['a' 'b']``,
    ``[0.1 0.2]``, ``array([1, 2])``.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "array(")):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = _printed(value)
    return found if isinstance(found, list) else value


def as_list(value: Any) -> Any:
    """Return a cell of one or many values as a list; an empty one as it is."""
    given = parse(value)
    return given if isinstance(given, list) or absent(given) else [given]


def _printed(text: str) -> Any:
    """Read a list that Python or NumPy printed; None if the text is anything else."""
    place, root = 0, None
    open_lists: list[list[Any]] = []
    text = _ARRAY.sub(r"\1", text).strip()
    while place < len(text):
        if root is not None or not (token := _TOKEN.match(text, place)):
            return None
        place = token.end()
        if token["open"]:
            open_lists.append([])
        elif not open_lists:
            return None
        elif token["close"]:
            closed = open_lists.pop()
            if open_lists:
                open_lists[-1].append(closed)
            else:
                root = closed
        elif token["value"]:
            try:
                open_lists[-1].append(_value(token["value"]))
            except (ValueError, SyntaxError):
                return None
    return root


def _value(text: str) -> Any:
    return _WORDS[text] if text in _WORDS else literal_eval(_NO_ESCAPE.sub(r"\\\\", text))
