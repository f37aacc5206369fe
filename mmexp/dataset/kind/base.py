"""Tells what a column holds: pictures, sound, text, numbers, symbols ..."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.dataset.base import Column, columns_of
from mmexp.dataset.kind import tabular, vector
from mmexp.dataset.kind.media import MEDIA
from mmexp.dataset.kind.vector import parse
from mmexp.dataset.table.reader import Record, absent

KINDS = ("image", "audio", "text", "vector", "words", "video", "tabular", "symbols")
NAMED = {"items": "symbols", "head": "symbols", "relation": "symbols", "history": "text"}
"""Kind of modalities that are known by their names."""


def kinds_of(inputs: Mapping[str, Column], records: Sequence[Record]) -> dict[str, str]:
    """Give the kind of each modality: what its name tells, else what its first value in the table looks like.

    Several columns are ``tabular``.

    Args:
        inputs: Modality -> column.
        records: The table.
    """
    found = {}
    for name, column in inputs.items():
        if not isinstance(column, str):
            found[name] = "tabular"
            continue
        cells = (record.values.get(column) for record in records)
        first = next((cell for cell in cells if not absent(cell)), None)
        found[name] = name if name in KINDS else NAMED.get(name) or kind_of(first)
    return found


def kind_of(value: Any) -> str:
    """Tell the kind of one cell: a path is told by its suffix, a list without texts is a vector, all else is text.

    A list of paths of pictures is a video.
    """
    given = parse(value)
    if isinstance(given, list):
        if given and all(isinstance(item, str) and _medium(item) == "image" for item in given):
            return "video"
        return "text" if any(isinstance(item, str) for item in given) else "vector"
    return _medium(value) if isinstance(value, str) else "text"


def describe(kind: str, column: Column, values: Sequence[Any], known: Sequence[Any]) -> dict[str, Any]:
    """Facts of one modality of the training split: its ``kind``, and what an encoder of that kind must know.

    Args:
        kind: What it holds.
        column: What it is read from.
        values: Those of the training split.
        known: Those of all splits.
    """
    facts: dict[str, Any] = {"kind": kind}
    if kind == "tabular":
        facts["columns"] = tabular.describe(values, columns_of(column), known)
    if kind == "symbols":
        facts["symbols"] = sorted({symbol for row in values for symbol in row})
    return facts | (vector.describe(values) if kind == "vector" else {})


def _medium(path: str) -> str:
    return MEDIA.get(os.path.splitext(path)[1].lower(), "text")
