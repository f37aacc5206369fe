"""Numbers of two digits or more, of any script, with what joins them: dates, times, amounts, numbers of accounts.

A single digit stays (``2 cats``), and so do numbers that are written as words.
"""

from __future__ import annotations

import re

POSITION = 40
MASK = "[number]"
_NUMBER = re.compile(r"(?<!\w)\w*\d(?:[.,:/\- \u00a0\u066b\u066c]?\d)+\w*")


def find(text: str) -> list[tuple[int, int]]:
    """Return where each begins and ends."""
    return [one.span() for one in _NUMBER.finditer(text)]
