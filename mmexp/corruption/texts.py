"""The texts of one input: a text, several that say the same (a list), or several turns (a tuple)."""

from __future__ import annotations

from collections.abc import Callable

Text = str | list[str] | tuple[str, ...]


def each(value: Text, change: Callable[[str], str]) -> Text:
    """Change each text of an input."""
    if isinstance(value, str):
        return change(value)
    return type(value)(change(one) for one in value)
