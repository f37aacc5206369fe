"""Reads cells that hold words, tags, boxes and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mmexp.dataset.vector import parse

_BOX = 4  # numbers


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
