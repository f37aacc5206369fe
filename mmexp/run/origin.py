"""The working directory that a run began in, from which the relative paths of its config count."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json


def origin(folder: RunFolder) -> Path | None:
    """Return the working directory that a run began in; None if it is this one, unknown, or not there."""
    with suppress(FileNotFoundError, DataError, RuntimeError):
        path = Path(read_json(folder.manifest).get("cwd") or ".").expanduser()
        return path if path.is_dir() and path.resolve() != Path.cwd().resolve() else None
    return None


def paths_from(start: Path, node: Mapping[str, Any]) -> dict[str, str]:
    """Return the relative paths of a component that exist below a folder, made absolute, by key.

    Args:
        start: The folder.
        node: Plain arguments; where there is a ``root``, all other paths count from that.
    """
    keys = ["root"] if node.get("root") else [key for key in node if key != "_target_"]
    texts = {key: node[key] for key in keys if isinstance(node[key], str) and node[key]}
    return {
        key: str(start / text)
        for key, text in texts.items()
        if not Path(text).is_absolute() and (start / text).exists()
    }
