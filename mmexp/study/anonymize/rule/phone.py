"""Phone numbers: 7 to 15 digits of any script, with blanks, dots, hyphens, slashes, brackets in between; no dates."""

from __future__ import annotations

import re

POSITION = 20
MASK = "[phone]"
_DATE = r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d\d){1,2}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?!\w)"
_NUMBER = re.compile(
    rf"(?<![\w+\uff0b])(?!{_DATE})[+\uff0b]?\(?\d(?:[ \u00a0\t().\-/\u2010-\u2015\uff0d]{{0,3}}\d){{6,14}}(?!\w)"
)


def find(text: str) -> list[tuple[int, int]]:
    """Return where each begins and ends."""
    return [one.span() for one in _NUMBER.finditer(text)]
