"""What a verb has found out about a finished run, in ``study/<verb>.json`` of its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import read_json, strict, write_json
from mmexp.run.redact import redact_tree


def write_study(folder: RunFolder, name: str, plain: Mapping[str, Any], command: Sequence[str] = ()) -> dict[str, Any]:
    """Write what a verb has found out, complete or not at all, in place of what it found before.

    Args:
        folder: The run.
        name: The verb.
        plain: What was asked, and the numbers with their intervals, as JSON types.
        command: Words after ``mmexp``.

    Returns:
        What was written, which is also what ``--json`` prints: ``command``, ``date`` and ``plain``, without secrets.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found: dict[str, Any] = strict(redact_tree({"command": ["mmexp", *command], "date": now, **plain}))
    write_json(folder.study / f"{name}.json", found)
    return found


def read_study(folder: RunFolder, name: str) -> dict[str, Any] | None:
    """Read what a verb has found out; None if it was not asked.

    Raises:
        DataError: If the file is not JSON.
    """
    with suppress(FileNotFoundError):
        return read_json(folder.study / f"{name}.json")
    return None
