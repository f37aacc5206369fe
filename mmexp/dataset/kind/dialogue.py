"""Dialogues: the turns so far, and the reply."""

from __future__ import annotations

from typing import Any

from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.cell import parse
from mmexp.dataset.kind.folder import Folder
from mmexp.dataset.kind.transcript import read_transcript


class DialogueKind(Kind):
    """Turns of a dialogue, as a tuple of str, oldest first; the target is the reply, as str."""

    inputs = {"history": ("history",)}
    targets = {"reply": ("reply",)}
    companions = {"reply": ("history",)}
    order = 220
    encoder = "text"
    prose = True
    classed = False

    def read(self, cell: Any, folder: Folder) -> tuple[str, ...]:
        return read_turns(cell)

    def check_target(self, value: Any) -> str:
        return read_transcript(value)


def read_turns(value: Any) -> tuple[str, ...]:
    """Check the turns of a dialogue, oldest first; a plain text is one turn.

    Raises:
        ValueError: If a turn is no text, or an empty one.
    """
    given = parse(value)
    turns = given if isinstance(given, list) else [given]
    if not all(isinstance(turn, str) and turn.strip() for turn in turns):
        raise ValueError(f"must be a text or a list of turns, got {value!r}")
    return tuple(turns)
