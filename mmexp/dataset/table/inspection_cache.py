"""Remember what a file turned out to be, so that a file that did not change is not decoded a second time."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
import zlib
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import mmexp
from mmexp.dataset.kind.inspection import Inspection
from mmexp.dataset.kind.media import FileKind

_RECENT = 2.0
"""Seconds; a file that is younger may yet change within one tick of its clock, and is not remembered."""
_TABLE = "CREATE TABLE IF NOT EXISTS inspection (key TEXT PRIMARY KEY, found TEXT) WITHOUT ROWID"


def cache_file(root: Path) -> Path:
    """Return where the files below a root are remembered: in MMEXP_CACHE if that is set, else in the user's cache."""
    folder = Path(os.environ.get("MMEXP_CACHE", "~/.cache/mmexp")).expanduser()
    return folder / f"files-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}.sqlite"


class InspectionCache:
    """Keeps inspections by path and kind, each good for one size, time of change and inode of the file.

    Only files that could be used are remembered, and only what the kinds of mmexp say of them, in this version. Each
    entry has a checksum; a damaged one counts for nothing.

    Args:
        path: Of the SQLite file; nothing is kept if None, or where it cannot be read or written.
        fresh: Read every file anew, and remember what is found.
    """

    def __init__(self, path: Path | None, fresh: bool = False) -> None:
        self.path, self.fresh = path, fresh
        self._known: dict[str, str] = {}
        self._new: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self.path is not None and not self.fresh and self.path.is_file():
            with suppress(sqlite3.Error), closing(self._open()) as database:
                self._known = dict(database.execute("SELECT key, found FROM inspection"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path is None or not self._new:
            return
        with suppress(OSError, sqlite3.Error):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                database.execute(_TABLE)
                database.executemany("INSERT OR REPLACE INTO inspection VALUES (?, ?)", self._new.items())

    def look_up(self, path: Path, kind: FileKind) -> tuple[str, str, Inspection | None]:
        """Return name and state of a file, for ``keep``, both empty if it is not to be kept, and what is known."""
        if self.path is None or not type(kind).__module__.startswith("mmexp."):
            return "", "", None
        try:
            found = path.stat()
        except OSError:
            return "", "", None
        if time.time() - found.st_mtime < _RECENT:
            return "", "", None
        key = f"{type(kind).__qualname__} {sorted(map(str, vars(kind).items()))} {path}"
        state = f"{mmexp.__version__} {found.st_size} {found.st_mtime_ns} {found.st_ino}"
        return key, state, self._read(key, state)

    def keep(self, key: str, state: str, found: Inspection) -> None:
        """Remember a file, if what its kind says of it is plain."""
        if not key or not found.digest:
            return
        try:
            text = json.dumps([state, found.digest, dict(found.facts)])
        except TypeError:
            return
        if _facts(json.loads(text)[2]) == found.facts:
            self._new[key] = f"{_checksum(key, text)} {text}"

    def _read(self, key: str, state: str) -> Inspection | None:
        checksum, _, text = self._known.get(key, "").partition(" ")
        if not text or checksum != _checksum(key, text):
            return None
        then, digest, facts = json.loads(text)
        return Inspection(digest, _facts(facts)) if then == state else None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self.path), timeout=5.0)


def _checksum(key: str, text: str) -> str:
    return f"{zlib.crc32(f'{key}{text}'.encode('utf-8', 'surrogatepass')):08x}"


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
