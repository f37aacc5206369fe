"""How the name of a class is written: 1, "1", 1.0 and " 1 " are one."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

Name = str | int
_WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0*)?", re.ASCII)
_TRUTH = ("true", "false")


def spelling(value: Any) -> str:
    """Return the one spelling of a class, whatever type and blanks its name comes with.

    Text is stripped and in NFC; a whole number has no decimals; true and false are in lower case. Letters keep their
    case and numbers their leading zeros: ``Pos`` and ``pos``, ``1`` and ``01`` are two classes.

    Example:
        >>> [spelling(one) for one in (1, 1.0, "1", " 1.0 ", True, "True", " pos ", "01", 1.5)]
        ['1', '1', '1', '1', 'true', 'true', 'pos', '01', '1.5']
    """
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    text = unicodedata.normalize("NFC", str(value)).strip()
    if text.lower() in _TRUTH:
        return text.lower()
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def distinct(values: Iterable[Any]) -> list[Name]:
    """Return each class once, sorted; where some are numbers, every whole number is one."""
    names: dict[str, set[Name]] = {}
    for value in values:
        names.setdefault(spelling(value), set()).add(_plain(value))
    numbered = any(type(name) is int for group in names.values() for name in group)
    found = [_chosen(key, group, numbered) for key, group in names.items()]
    return sorted(found, key=lambda name: (type(name).__name__, name))


def _chosen(key: str, group: set[Name], numbered: bool) -> Name:
    """Return what a class is called, of all the ways in which it is written."""
    if numbered and _WHOLE.fullmatch(key):
        return int(key)
    return min(group, key=lambda name: (isinstance(name, str), name != key, str(name)))


def near(names: Iterable[Any]) -> list[list[str]]:
    """Return groups of names that differ in case, blanks, hyphens or underscores only."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r"[\s_-]+", "", spelling(name).casefold()), []).append(str(name))
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def _plain(value: Any) -> Name:
    """Return a name without blanks around it, and a whole float as an int."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, int) else unicodedata.normalize("NFC", str(value)).strip()
