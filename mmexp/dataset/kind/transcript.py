"""Transcripts of speech."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.transform.transcript import learn_units


class TranscriptKind(Kind):
    """What is said, as str."""

    targets = {"transcript": ("transcript",)}
    order = 180
    prose = True
    classed = False

    def check_target(self, value: Any) -> str:
        return read_transcript(value)

    def summarise(self, values: Iterable[Any]) -> Any:
        """Return the characters and words that occur."""
        return learn_units(values)


def read_transcript(value: Any) -> str:
    """Check a text that is not blank.

    Raises:
        ValueError: If it is no text, or an empty one.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a text, got {value!r}")
    return value
