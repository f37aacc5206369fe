"""One process per run folder: the kernel drops the lock when its holder dies, so a stale one holds nobody up."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from mmexp.error import ConfigError, ResourceError
from mmexp.run.atomic import full_disk, remove_temp_files
from mmexp.run.folder import RunFolder

_PATIENCE = 0.3  # seconds; is_held of another process holds the lock for microseconds
_held: set[int] = set()


def _close_in_child() -> None:
    """A forked worker must not keep its dead parent's lock alive."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)


def keep_from_children(handle: int) -> None:
    """Have forked children close a locked file; a number that is free by then is passed over."""
    _held.add(handle)


def release(handle: int) -> None:
    """Close a file that was kept from children."""
    _held.discard(handle)
    os.close(handle)


class Lock:
    """Keep a run folder to this process for the length of a ``with`` block, and tidy up after a killed one.

    Args:
        folder: The run.

    Raises:
        ConfigError: On entry, if another process has it, or the folder cannot be written to.
        ResourceError: If the disk is full.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._handle, self._content = -1, b""

    def __enter__(self) -> Lock:
        deadline = time.monotonic() + _PATIENCE
        while (handle := _try(self.folder)) is None:
            if time.monotonic() > deadline:
                raise _in_use(self.folder)
            time.sleep(0.01)
        self._handle = handle
        who = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()}
        self._content = json.dumps(who).encode()
        remove_temp_files(self.folder.path)
        try:
            self._write(self._content, 0)
        except ResourceError:
            self.__exit__()
            raise
        return self

    def reserve(self, size: int) -> None:
        """Keep room on the disk for some bytes, within the lock's own file; 0 gives it back.

        Raises:
            ResourceError: If there is no such room.
        """
        self._write(b" " * size, len(self._content))

    def _write(self, data: bytes, place: int) -> None:
        """Write the rest of the file."""
        try:
            os.ftruncate(self._handle, place)
            while data:
                written = os.pwrite(self._handle, data, place)
                data, place = data[written:], place + written
        except OSError as error:
            raise full_disk(self.folder.lock, error, place + len(data)) from error

    def __exit__(self, *exc: object) -> None:
        if self._handle in _held:
            self.folder.lock.unlink(missing_ok=True)
            release(self._handle)


def is_held(folder: RunFolder) -> bool:
    """Whether a living process of this host, or of one that shares its file locks, holds the run."""
    return is_locked(folder.lock)


def is_locked(path: Path) -> bool:
    """Whether a living process, of this one or another, has locked a file; not if there is none."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def holder(folder: RunFolder) -> dict[str, Any]:
    """Who locked the run: pid, host, since (ISO, UTC); empty if it is not known."""
    try:
        content = json.loads(folder.lock.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _try(folder: RunFolder) -> int | None:
    """Return a locked handle, or None if somebody else has it just now."""
    handle = _open(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.fstat(handle).st_ino == folder.lock.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        same = False
    except BaseException:
        os.close(handle)
        raise
    if not same:
        os.close(handle)
        return None
    if holder(folder).get("host", socket.gethostname()) != socket.gethostname():
        os.close(handle)
        raise _in_use(folder, f"If that machine is down, remove the lock.\nRun: rm {quote(str(folder.lock))}")
    keep_from_children(handle)
    return handle


def _open(folder: RunFolder) -> int:
    try:
        return os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EMFILE}:
            raise
        rule = "folder must be one that can be written to"
        raise ConfigError(
            f"run: {rule}, got {folder.path} ({error.strerror}).", f"Run: ls -ld {quote(str(folder.path))}"
        ) from error


def _in_use(folder: RunFolder, hint: str = "") -> ConfigError:
    who = holder(folder)
    pid, host = who.get("pid", "unknown"), who.get("host", "unknown")
    message = f"run: {folder.id} must be free, got locked by {pid}/{host} since {who.get('since', 'unknown')}."
    return ConfigError(message, hint or f"Wait until it ends, or stop it on {host} with kill {pid}.")
