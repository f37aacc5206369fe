"""Find files below one folder only."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_PLAIN = re.compile(r"[\w\s./()+,=@#-]*", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


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
        if "://" in value:
            raise ValueError(f"must be the path of a file, not a URL, as nothing is downloaded, got {value!r}")
        absolute = Path(value).is_absolute()
        if _SCHEME.match(value) or (absolute and not self._holds(value)):
            raise ValueError(f"must be a path relative to the manifest, got {value!r}")
        path = self._inside(value)
        if not _PLAIN.fullmatch(value) and not os.path.exists(path):
            others = (self._inside(other) for other in _spellings(value))
            return next((other for other in others if os.path.exists(other)), path)
        return path

    def nearest(self, value: str) -> str:
        """Return the path below the folder that differs only in case or Unicode form; empty if none does."""
        found = self.base
        parts = Path(unicodedata.normalize("NFC", value.replace("\\", "/"))).parts
        for part in parts:
            there = found / part
            if part != ".." and not os.path.exists(there):
                name = _names(str(found)).get(_folded(part))
                if name is None:
                    return ""
                there = found / name
            found = there
        return os.path.relpath(found, self.base)

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
def _names(folder: str) -> dict[str, str]:
    return {_folded(name): name for name in os.listdir(folder)} if os.path.isdir(folder) else {}
