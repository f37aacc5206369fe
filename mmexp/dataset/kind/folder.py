"""Find files below one folder only."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_PLAIN = re.compile(r"[\w\s./()+,=@#-]*", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S")
_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+[;,]")
_BASE64 = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]{64,}={0,2}")
_SHOWN = 60  # characters of a cell
_SUBFOLDERS = 100  # that are looked into for the end of a path


class Folder:
    """Finds files by paths that a manifest gives, and none outside its root.

    Args:
        root: Every file must lie below it, links resolved.
        base: Folder that relative paths start from.
    """

    def __init__(self, root: Path, base: Path) -> None:
        self.root, self.base = root.resolve(), base

    def locate(self, value: Any) -> Path:
        """Resolve a path without opening it.

        A file that is not there under its name is looked for with / instead of \\, %20 read as a blank, and composed or
        decomposed accents.

        Raises:
            ValueError: If it is no path, or leaves the root.
        """
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError(f"must be a path, got {value!r}")
        absolute = os.path.isabs(value)
        if _SCHEME.match(value) or (absolute and not self._holds(value)):
            raise ValueError(no_path(value) or f"must be a path relative to the manifest, got {value!r}")
        path = self._inside(value)
        if len(value) > _SHOWN and (fault := no_path(value)) and not os.path.exists(path):
            raise ValueError(fault)
        if not _PLAIN.fullmatch(value) and not os.path.exists(path):
            others = (self._inside(other) for other in _spellings(value))
            return next((other for other in others if os.path.exists(other)), path)
        return path

    def nearest(self, value: str) -> str:
        """Return the path of a file that ends like another path; empty if there is none, or more than one.

        Case and Unicode form may differ. Of ``C:\\data\\images\\a.png`` the longest end counts that is there, below the
        folder of the manifest, else the root, else a folder next to the manifest.
        """
        base = os.path.abspath(self.base)
        parts = [part for part in re.split(r"[\\/]+", unicodedata.normalize("NFC", value)) if part not in ("", ".")]
        at_home = len(parts) > 1 and os.path.isdir(os.path.join(base, *parts[:-1]))
        for start in range(1 if at_home else len(parts)):
            for tops in ([base], [str(self.root)], _subfolders(base)):
                if found := [path for top in tops if (path := self._ending(top, parts[start:]))]:
                    return os.path.relpath(found[0], base) if len(found) == 1 else ""
        return ""

    def cure(self, value: Any) -> str:
        """Return what to do about a path that ``locate`` refuses."""
        if not isinstance(value, str):
            return "Write the path of a file, as text."
        if near := self.nearest(value):
            return f"Write {near!r}: paths start at the folder of the manifest."
        if no_path(value):
            return "Save the content as files below the folder of the manifest, and write their paths into the column."
        return "Set dataset.root to the folder that holds all of your files."

    def _ending(self, top: str, end: Sequence[str]) -> str:
        """Return the file below a folder that has such an end in any case; nothing outside the root is looked at."""
        found = top
        for part in end:
            if part == ".." or not self._holds(found):
                return ""
            there = os.path.join(found, part)
            if not os.path.exists(there):
                there = os.path.join(found, _names(found).get(_folded(part), part))
            found = there
        return found if self._holds(found) and os.path.isfile(found) else ""

    def _holds(self, value: str) -> bool:
        try:
            return bool(self._inside(value))
        except ValueError:
            return False

    def _inside(self, value: str) -> Path:
        try:
            parent, name = os.path.split(os.path.join(os.getcwd(), self.base, value))
            path = os.path.join(_real(parent), name)
            if name in ("", ".", "..") or _is_link(path):
                path = os.path.realpath(path)
        except (OSError, RuntimeError, ValueError):
            raise ValueError(f"must be a path that leads somewhere, got {value!r}") from None
        if path != str(self.root) and not path.startswith(os.path.join(self.root, "")):
            raise ValueError(f"must lie inside {self.root}, got {value!r}")
        return Path(path)


def no_path(cell: str) -> str:
    """Return why a cell is no path: it is a URL, or the content of a file; empty if it may be one.

    It is the end of a line that begins with the column.
    """
    if _URL.match(cell):
        return f"must be the path of a file, not a URL, as nothing is downloaded, got {cell[:_SHOWN]!r}"
    if _DATA.match(cell) or _BASE64.fullmatch(cell):
        return f"must be the path of a file, not its content, got {cell[:_SHOWN]!r} of {len(cell)} characters"
    return ""


@lru_cache(maxsize=4096)
def _real(folder: str) -> str:
    """Resolve a folder, once for all the files in it."""
    return os.path.realpath(folder)


def _is_link(path: str) -> bool:
    """Whether a path is a link; unlike ``os.path.islink`` it raises on one that no file can have."""
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError:
        return False


def _spellings(value: str) -> list[str]:
    """Other ways to write a path: of Windows, of a URL, of another Unicode form."""
    slashed = value.replace("\\", "/")
    ways = [slashed, unquote(slashed)]
    return list(dict.fromkeys(unicodedata.normalize(form, way) for way in ways for form in ("NFC", "NFD")))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@lru_cache(maxsize=16)
def _subfolders(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))[:_SUBFOLDERS]


@lru_cache(maxsize=16)
def _names(folder: str) -> dict[str, str]:
    return {_folded(name): name for name in os.listdir(folder)} if os.path.isdir(folder) else {}
