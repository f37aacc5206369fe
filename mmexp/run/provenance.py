"""Provenance of a run: what produced it and how it ended. Exactly one terminal state is ever written."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mmexp
from mmexp.run.folder import RunFolder
from mmexp.run.git import code_state
from mmexp.run.jsonfile import read_json, write_json
from mmexp.run.lock import is_held
from mmexp.run.machine import cpu_count, cpu_model, without_home
from mmexp.run.packages import installed
from mmexp.run.redact import redact, redact_tree
from mmexp.run.source import source_hash

RUNNING = "running"
ENDS = ("done", "failed", "stopped")
KILLED = "killed"
_LONGEST = 2_000  # characters of a reason


def begin(
    folder: RunFolder,
    *,
    command: Sequence[str],
    seed: int,
    fingerprint: str = "",
    config: Mapping[str, Any] | None = None,
) -> None:
    """Record what starts here; a resumed run keeps its command, its first start and the seconds it has used.

    Args:
        folder: The run.
        command: What was typed, word by word.
        seed: Of all randomness.
        fingerprint: Of the data.
        config: The choices by group, as ``summary.json`` will hold them, so that an unfinished run can be identified.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    earlier = read_json(folder.manifest) if folder.manifest.exists() else {}
    record = {
        "status": RUNNING,
        "reason": "",
        "started": earlier.get("started", now),
        "resumed": [*earlier.get("resumed", []), now] if earlier else [],
        "seconds": earlier.get("seconds", 0.0),
        "command": earlier.get("command", list(command)),
        "cwd": earlier.get("cwd", without_home(Path.cwd())),
        "seed": seed,
        "fingerprint": fingerprint,
        "config": config or {},
        "mmexp": mmexp.__version__,
        "source": source_hash(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "cpu": {"model": cpu_model(), "count": cpu_count()},
        "packages": installed(),
        "git": code_state(Path.cwd()),
    }
    write_json(folder.manifest, redact_tree(record))


def add_fingerprint(folder: RunFolder, fingerprint: str) -> None:
    """Record the fingerprint of the data, once it has been read.

    Args:
        folder: The run.
        fingerprint: Of the data.
    """
    write_json(folder.manifest, read_json(folder.manifest) | {"fingerprint": fingerprint})


def add_monitor(folder: RunFolder, monitor: str) -> None:
    """Record by which metric the best checkpoint is chosen, once the task is built.

    Args:
        folder: The run.
        monitor: Its key, such as ``val/accuracy``.
    """
    write_json(folder.manifest, read_json(folder.manifest) | {"monitor": monitor})


def finish(folder: RunFolder, status: str, *, seconds: float, reason: str = "") -> None:
    """Record how it ended.

    Args:
        folder: The run.
        status: done, failed or stopped.
        seconds: Since ``begin`` of this process, by a clock that cannot jump.
        reason: Why, if it is not done.

    Raises:
        ValueError: If the status is none of these, or the run has ended before.
    """
    if status not in ENDS:
        raise ValueError(f"provenance: status must be one of {', '.join(ENDS)}, got {status!r}.")
    record = read_json(folder.manifest)
    if record["status"] != RUNNING:
        raise ValueError(f"provenance: status must be {RUNNING} to become {status}, got {record['status']!r}.")
    record |= {"status": status, "reason": redact(reason)[:_LONGEST], "seconds": record["seconds"] + seconds}
    write_json(folder.manifest, record)


def status(folder: RunFolder) -> str:
    """Return done, failed, stopped, running, ``running on <host>``, or killed if nobody is left who could finish it.

    Raises:
        FileNotFoundError: If there is none.
        DataError: If it is not JSON.
    """
    return status_of(folder, read_json(folder.manifest))


def status_of(folder: RunFolder, record: Mapping[str, Any]) -> str:
    """Return the ``status`` of provenance that is read already."""
    if record.get("status") in ENDS:
        return str(record["status"])
    here = socket.gethostname()
    host = record.get("host", here)
    if host != here:
        return f"{RUNNING} on {host}"
    if is_held(folder):
        return RUNNING
    now = read_json(folder.manifest).get("status")  # it may have ended between the reading and the look at the lock
    return str(now) if now in ENDS else KILLED
