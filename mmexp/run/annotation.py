"""What a user has written on a run: tags and a note, in ``annotation.json`` of its folder."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json, write_json

TAG = re.compile(r"[\w.+-]{1,50}")


@dataclass(frozen=True)
class Annotation:
    """What is written on a run.

    Args:
        tags: Words, sorted.
        note: Any text.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def read_annotation(folder: RunFolder) -> Annotation:
    """Read what is written on a run; nothing if there is no such file.

    Raises:
        DataError: If the file is not JSON.
    """
    with suppress(FileNotFoundError):
        found = read_json(folder.annotation)
        return Annotation(tuple(map(str, found.get("tags") or ())), str(found.get("note") or ""))
    return Annotation()


def set_tags(folder: RunFolder, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Annotation:
    """Add tags to a run and remove others, also if several processes do so at once.

    Raises:
        ConfigError: If a tag is no plain word.
    """
    wrong = [tag for tag in add if not TAG.fullmatch(tag)]
    if wrong:
        rule = "tag must be letters, digits and . _ + - (1 to 50)"
        raise ConfigError([f"runs: {rule}, got {tag!r}." for tag in wrong])
    return _change(folder, tuple(add), tuple(remove))


def set_note(folder: RunFolder, text: str) -> Annotation:
    """Write a note on a run in place of the one there was; an empty one removes it."""
    return _change(folder, note=text)


def _change(
    folder: RunFolder, add: tuple[str, ...] = (), remove: tuple[str, ...] = (), note: str | None = None
) -> Annotation:
    """Read, change and write, one process at a time."""
    handle = os.open(folder.path, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        known = read_annotation(folder)
        found = replace(known, tags=tuple(sorted({*known.tags, *add} - {*remove})))
        found = found if note is None else replace(found, note=note)
        if found != known:
            write_json(folder.annotation, vars(found))
        return found
    finally:
        os.close(handle)
