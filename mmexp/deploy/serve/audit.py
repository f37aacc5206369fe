"""The audit log: who asked which run for what, and what became of it, a JSON line each; never what was in a request."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any


class Audit:
    """Append a line for each request to a file, which may be moved away meanwhile.

    Args:
        path: Of the file; its folder is made. None writes nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._handler: logging.Handler = logging.NullHandler()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._handler = WatchedFileHandler(path, encoding="utf-8")

    def write(self, **fields: Any) -> None:
        """Append one line with the time and these fields."""
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields})
        self._handler.handle(logging.LogRecord("audit", logging.INFO, "", 0, "%s", (line,), None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()
