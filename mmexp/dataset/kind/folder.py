"""Find files below one folder only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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

        Raises:
            ValueError: If it is no relative path, or leaves the root.
        """
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError(f"must be a path, got {value!r}")
        if "://" in value:
            raise ValueError(f"must be the path of a file, not a URL, as nothing is downloaded, got {value!r}")
        if _SCHEME.match(value) or Path(value).is_absolute():
            raise ValueError(f"must be a path relative to the manifest, got {value!r}")
        try:
            path = (self.base / value).resolve()
        except (OSError, RuntimeError, UnicodeError):
            raise ValueError(f"must be a path that leads somewhere, got {value!r}") from None
        if not path.is_relative_to(self.root):
            raise ValueError(f"must lie inside {self.root}, got {value!r}")
        return path
