"""The config as a run began with it, kept apart from ``config.yaml`` so that an edit of that is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mmexp.error import DataError
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json, write_json
from mmexp.run.redact import redact_tree


def write_start(folder: RunFolder, root: Mapping[str, Any]) -> None:
    """Record the values of a config, and the hash of the ``config.yaml`` that holds them.

    Args:
        folder: The run; its config.yaml is there.
        root: Plain containers.
    """
    write_json(folder.start, {"sha256": _hash(folder), "config": redact_tree(root)})


def read_start(folder: RunFolder) -> dict[str, Any]:
    """Return the values of the config that the run began with; nothing for a run of a version that kept none."""
    with suppress(FileNotFoundError, DataError):
        return dict(read_json(folder.start)["config"])
    return {}


def is_edited(folder: RunFolder) -> bool:
    """Whether config.yaml is another file than the one the run began with, as far as that is known."""
    with suppress(FileNotFoundError, DataError):
        return bool(read_json(folder.start)["sha256"] != _hash(folder))
    return False


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield dotted key, value before and value after of all that differs; None where there is no value."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    elif before != after:
        yield path, before, after


def _hash(folder: RunFolder) -> str:
    return hashlib.sha256(folder.config.read_bytes()).hexdigest()
