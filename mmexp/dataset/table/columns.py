"""Chooses the columns of a table that are inputs and targets, and reads their cells."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from mmexp.dataset.base import Column, columns_of
from mmexp.dataset.kind.annotation import (
    read_anomaly,
    read_objects,
    read_score,
    read_symbol,
    read_tags,
    read_transcript,
)
from mmexp.dataset.kind.base import KINDS
from mmexp.dataset.table.reader import Record, absent, column_names
from mmexp.dataset.table.rows import MASK
from mmexp.error import ConfigError, DataError, nearest

C = TypeVar("C", bound=Column)
INPUTS: Mapping[str, Sequence[str]] = {
    "image": ("image",),
    "audio": ("audio",),
    "text": ("text", "title", "question", "captions"),
    "vector": ("vector",),
    "video": ("video",),
    "words": ("words", "tokens"),
    "items": ("items",),
    "head": ("head",),
    "relation": ("relation",),
    "history": ("history",),
}
SINGLE = tuple(kind for kind in KINDS if kind != "tabular")
EXTRA: Mapping[str, str] = {"words": "tags", "items": "item", "head": "tail", "relation": "tail", "history": "reply"}
"""Modalities that are encoded only for this target, or if they are named."""
ANNOTATIONS: Mapping[str, Callable[[Any], Any]] = {
    "objects": read_objects,
    "tags": read_tags,
    "transcript": read_transcript,
    "score": read_score,
    "item": read_symbol,
    "tail": read_symbol,
    "reply": read_transcript,
    "anomaly": read_anomaly,
}
"""What reads a target that has a form of its own."""
TARGETS: Mapping[str, Sequence[str]] = {
    name: (name,) for name in ("captions", "label", "labels", "answer", "answers", MASK, *ANNOTATIONS)
}
SCALARS = ("label", "answer")
LISTS = ("captions", "labels", "answers")
EMPTY = ("labels", "objects")
"""Targets that may be an empty list: nothing of the kind is there."""
PROSE = ("captions", "answer", "answers", "transcript", "reply")


def choose(
    kind: str, named: Mapping[str, C | None] | None, standard: Mapping[str, Sequence[C]], records: Sequence[Record]
) -> dict[str, C]:
    """Give the column of each input or target: the one named in the config, else the first standard one that is filled.

    An input may be read from several columns, if any of them is filled.

    Args:
        kind: ``inputs`` or ``targets``, for messages.
        named: Columns by name, None to leave one out; None as a whole takes the standard ones.
        standard: Columns to look for, by name.
        records: The table.

    Raises:
        ConfigError: If a named column is not there, or several are named where there must be one.
        DataError: If a named column is empty in every row.
    """
    columns = column_names(records)
    filled = {column for column in columns if any(not absent(record.values.get(column)) for record in records)}
    if named is None:
        found = {name: [c for c in options if filled.intersection(columns_of(c))] for name, options in standard.items()}
        return {name: options[0] for name, options in found.items() if options}
    chosen = {name: column for name, column in named.items() if column is not None}
    for name, column in chosen.items():
        key = f"dataset.{kind}.{name}"
        if not isinstance(column, str) and (kind == "targets" or name in SINGLE or not column):
            raise ConfigError(f"{key} must be one column, got {list(column)}. Type dataset.inputs.tabular=[...].")
        if kind == "inputs" and name == MASK:
            raise ConfigError(f"{key} must have another name, got {name}, which is a target.")
        for one in columns_of(column):
            known(key, one, columns)
        if filled.isdisjoint(columns_of(column)):
            shown = repr(column) if isinstance(column, str) else ", ".join(column)
            raise DataError(f"column {shown} of {key} must have a value in some row, got none.")
    return chosen


def as_mapping(key: str, given: Any, names: Sequence[str] = ()) -> dict[str, Any] | None:
    """Check that a value of the config is a mapping, or None.

    Args:
        key: Its key, for messages.
        given: The value.
        names: Names it may have; any if empty.

    Raises:
        ConfigError: If it is something else, or has another name.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ConfigError(f"{key} must be a mapping, got {given!r}. Type {key}.{names[0] if names else 'name'}=...")
    if unknown := [str(name) for name in given if names and name not in names]:
        raise ConfigError([f"{key}.{name} is not known. {nearest(name, names)}" for name in unknown])
    return dict(given)


def known(key: str, column: str, columns: Sequence[str]) -> None:
    """Refuse a column that is not there.

    Raises:
        ConfigError: Naming the columns there are.
    """
    if column not in columns:
        raise ConfigError(f"{key} must be a column of {', '.join(columns)}, got {column!r}. {nearest(column, columns)}")


def read_text(value: Any) -> str | list[str]:
    """Check one text, or the several texts of a row.

    Raises:
        ValueError: If it is anything else.
    """
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"must be text or a list of texts, got {value!r}")
    return value  # type: ignore[no-any-return]


def read_target(name: str, value: Any) -> Any:
    """Check one target; captions, labels and answers become lists (in a CSV, of a cell that holds a JSON list).

    Of a mask that is its path.

    Raises:
        ValueError: If there is no value, or it is NaN or of the wrong kind.
    """
    if name in LISTS:
        value = as_list(value)
    if absent(value) and not (name in EMPTY and value == []):
        raise ValueError(f"must have a value, got {value!r}")
    if name in ANNOTATIONS:
        return ANNOTATIONS[name](value)
    values = value if isinstance(value, list) else [value]
    if any(_is_nan(item) or (name not in PROSE and str(item).strip().lower() == "nan") for item in values):
        raise ValueError(f"must be a value, got {value!r}")
    if name in SCALARS and isinstance(value, list | dict):
        raise ValueError(f"must be one value, got {value!r}")
    if name == "captions":
        return read_text(value)
    return value


def as_list(value: Any) -> Any:
    """Give a cell of one or many values as a list; nothing stays nothing."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            return [value]
    return value if isinstance(value, list) or absent(value) else [value]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
