"""What was read of many runs, remembered in ``.index.json`` of the folder of all runs, and never used once it is stale.

It is a copy that may be removed. What is known of a run counts as long as the file system says the same of its files:
times of change, size and inode. What changed within the last seconds before it was read is not remembered, because a
further change could bear the same time. A damaged index counts as none, and one that cannot be written is none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmexp.error import ResourceError
from mmexp.run.atomic import TEMP, write_atomic
from mmexp.run.folder import RunFolder

NAME = ".index.json"
FEWEST = 100
"""Runs in a folder from which it has an index: fewer are read as fast."""
_SETTLED = 2_000_000_000  # ns before the reading began, since which a file must not have changed
_FILES = ("summary.json", "manifest.json", "annotation.json")
State = list[list[int] | None]
Known = dict[str, Any]


def read_all(
    folders: Sequence[RunFolder], read: Callable[[RunFolder], Known], keep: Callable[[Known], bool], version: str
) -> list[Known]:
    """Read runs, each from the index if its files have not changed.

    Args:
        folders: Runs, of one folder of all runs or several.
        read: Returns what is to be known of a run, in plain JSON.
        keep: Whether that follows from the files alone, so that it may be remembered.
        version: Of ``read``; what another one has read does not count.
    """
    members: dict[Path, list[RunFolder]] = {}
    for folder in folders:
        members.setdefault(folder.path.parent.parent, []).append(folder)
    found: dict[Path, Known] = {}
    for outputs, own in members.items():
        if len(own) < FEWEST:
            found.update((folder.path, read(folder)) for folder in own)
        else:
            found |= _read_indexed(outputs, own, read, keep, version)
    return [found[folder.path] for folder in folders]


def _read_indexed(
    outputs: Path,
    folders: Sequence[RunFolder],
    read: Callable[[RunFolder], Known],
    keep: Callable[[Known], bool],
    version: str,
) -> dict[Path, Known]:
    index = _load(outputs / NAME, version)
    states = {f"{folder.name}/{folder.id}": (folder, _state(folder)) for folder in folders}
    stale = {name: own for name, own in states.items() if name not in index or index[name][0] != own[1]}
    now = _now(outputs) if stale else 0
    found = {folder.path: read(folder) if name in stale else index[name][1] for name, (folder, _) in states.items()}
    settled = {name: own for name, own in stale.items() if now - _changed(own[1]) > _SETTLED}
    fresh = {name: (state, known) for name, (folder, state) in settled.items() if keep(known := found[folder.path])}
    if fresh:
        there = {name: one for name, one in index.items() if name in fresh or (outputs / name).is_dir()}
        _store(outputs / NAME, version, {**there, **fresh})
    return found


def _state(folder: RunFolder) -> State:
    """What the file system says of the files of a run: time of change of content and of any kind, size, inode."""
    found: State = []
    for name in _FILES:
        try:
            one = os.stat(f"{folder.path}/{name}")
            found.append([one.st_mtime_ns, one.st_ctime_ns, one.st_size, one.st_ino])
        except OSError:
            found.append(None)
    return found


def _changed(state: State) -> int:
    """The last change of the files of a run, in ns."""
    return max((one[1] for one in state if one), default=0)


def _now(outputs: Path) -> int:
    """The time in ns by the clock of the file system; the beginning of time where nothing can be written."""
    probe = outputs / f"{TEMP}now-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        with open(probe, "xb") as file:
            os.utime(file.fileno())
            return os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return 0
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _load(path: Path, version: str) -> Mapping[str, tuple[State, Known]]:
    """Read an index; empty if there is none, it is damaged or of another version."""
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest() != digest.decode():
            return {}
        known = json.loads(content)
        return dict(known["runs"]) if known["version"] == version else {}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


def _store(path: Path, version: str, runs: Mapping[str, tuple[State, Known]]) -> None:
    content = json.dumps({"version": version, "runs": runs}, separators=(",", ":"))
    with suppress(OSError, ResourceError):
        write_atomic(path, f"{hashlib.sha256(content.encode()).hexdigest()}\n{content}")
