"""Tells what a column holds: pictures, sound, text or numbers."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from typing import Any

from mmexp.dataset.media import MEDIA
from mmexp.dataset.table import Record, absent
from mmexp.dataset.vector import parse

KINDS = ("image", "audio", "text", "vector")


def kinds_of(inputs: Mapping[str, str], records: Sequence[Record]) -> dict[str, str]:
    """Give the kind of each modality: its name if that is one, else what its first value in the table looks like.

    Args:
        inputs: Modality -> column.
        records: The table.
    """
    found = {}
    for name, column in inputs.items():
        cells = (record.values.get(column) for record in records)
        first = next((cell for cell in cells if not absent(cell)), None)
        found[name] = name if name in KINDS else kind_of(first)
    return found


def kind_of(value: Any) -> str:
    """Tell the kind of one cell: a list without texts is a vector, a path is told by its suffix, all else is text."""
    given = parse(value)
    if isinstance(given, list):
        return "text" if any(isinstance(item, str) for item in given) else "vector"
    return MEDIA.get(os.path.splitext(value)[1].lower(), "text") if isinstance(value, str) else "text"
