"""Reads cells that hold words, turns, symbols, tags, boxes and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmexp.dataset.kind.vector import parse

_BOX = 4  # numbers
_TOLD = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}


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


def read_turns(value: Any) -> tuple[str, ...]:
    """Check the turns of a talk, oldest first; a plain text is one turn.

    Raises:
        ValueError: If a turn is no text, or an empty one.
    """
    given = parse(value)
    turns = given if isinstance(given, list) else [given]
    if not all(isinstance(turn, str) and turn.strip() for turn in turns):
        raise ValueError(f"must be a text or a list of turns, got {value!r}")
    return tuple(turns)


def read_symbols(value: Any) -> list[str]:
    """Check one symbol or a list of them; a number stands for itself.

    Raises:
        ValueError: If there is none, or one is no text and no number, or an empty text.
    """
    given = parse(value)
    symbols = given if isinstance(given, list) else [given]
    if not symbols or not all(type(one) in (str, int) and str(one).strip() for one in symbols):
        raise ValueError(f"must be a symbol or a list of them, got {value!r}")
    return [str(one) for one in symbols]


def read_symbol(value: Any) -> str:
    """Check one symbol; a number stands for itself.

    Raises:
        ValueError: If it is a list, or no symbol.
    """
    (symbol, *others) = read_symbols(value)
    if others:
        raise ValueError(f"must be one symbol, got {value!r}")
    return symbol


def read_tags(value: Any) -> list[str]:
    """Check a list of BIO tags; a plain text is split at its blanks.

    Raises:
        ValueError: If it is no list, or a tag is not O, B-<type> or I-<type>.
    """
    tags = read_words(value)
    if wrong := [tag for tag in tags if tag != "O" and not (tag.startswith(("B-", "I-")) and tag[2:])]:
        raise ValueError(f"must be O, B-<type> or I-<type>, got {wrong[0]!r}")
    return tags


def read_objects(value: Any) -> list[dict[str, Any]]:
    """Check a list of objects and keep the ``category`` and ``bbox`` [x, y, w, h] of each; there may be none.

    Raises:
        ValueError: If one lacks a category, or four finite numbers with a positive width and height.
    """
    given = parse(value)
    if not isinstance(given, list):
        raise ValueError(f"must be a list of objects, got {value!r}")
    return [_object(one) for one in given]


def read_score(value: Any) -> float:
    """Check one number; in a CSV, a text that tells one.

    Raises:
        ValueError: If it is anything else, or not finite.
    """
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, got {value!r}")
    return number


def read_anomaly(value: Any) -> int:
    """Check whether a sample is an anomaly: 1, or 0 for what is normal; true and false will do.

    Raises:
        ValueError: If it is anything else.
    """
    told = str(value).strip().lower()
    if told not in _TOLD:
        raise ValueError(f"must be 0, 1, true or false, got {value!r}")
    return _TOLD[told]


def read_transcript(value: Any) -> str:
    """Check what is said.

    Raises:
        ValueError: If it is no text, or an empty one.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a text, got {value!r}")
    return value


def _object(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping) or not isinstance(one.get("category"), str) or not one["category"]:
        raise ValueError(f"must have a category, a text, for each, got {str(one)[:60]}")
    box = one.get("bbox")
    if not isinstance(box, list) or len(box) != _BOX or any(type(side) not in (int, float) for side in box):
        raise ValueError(f"must have a bbox of four numbers [x, y, w, h] for each, got {box!r}")
    if not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise ValueError(f"must have a bbox with finite numbers and a positive width and height, got {box!r}")
    return {"category": one["category"], "bbox": box}
