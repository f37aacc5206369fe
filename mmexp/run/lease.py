"""A lease: a file that one living process holds, on this machine or on another that shares the disk.

Only one process can create it, and it is complete when it appears. Its holder keeps it locked, which the kernel of the
same machine ends when the holder dies, and touches it every few seconds, which other machines see. Ages are differences
between times that the file system itself has set, so that the clocks of the machines do not matter.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mmexp.run.atomic import TEMP
from mmexp.run.lock import is_locked, keep_from_children, release

BEAT = 2.0  # s between signs of life
EXPIRY = 60.0  # s without one after which the holder, on another machine, counts as dead
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Lease:
    """What can be known of a lease from outside.

    Args:
        path: The file.
    """

    path: Path

    @property
    def holder(self) -> dict[str, Any]:
        """Who took it: pid, host, boot (of the machine), locked; empty if it is not known."""
        try:
            known = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    @property
    def is_here(self) -> bool:
        """Whether its holder is, or was, a process of this machine since it was started."""
        return self.holder.get("boot") == boot()

    def is_alive(self) -> bool:
        """Return whether its holder still works."""
        if self.is_here and self.holder.get("locked"):
            return is_locked(self.path)
        return _age(self.path) < EXPIRY


class HeldLease:
    """Hold a lease that was taken, for the length of a ``with`` block.

    Args:
        path: The file.
        handle: Of the file, locked.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle, self._end = handle, threading.Event()
        self._thread: threading.Thread | None = None
        keep_from_children(handle)

    def beat(self, watch: Callable[[], None] = lambda: None) -> None:
        """Show signs of life from a thread until the end of the block.

        Args:
            watch: Called at each, in that thread.
        """

        def live() -> None:
            while not self._end.wait(BEAT):
                with suppress(OSError):  # a disk that is away for a while
                    os.utime(self.path)
                    watch()

        self._thread = threading.Thread(target=live, daemon=True)
        self._thread.start()

    def __enter__(self) -> HeldLease:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        if self._thread:
            self._thread.join()
        release(self._handle)


def take(path: Path, **known: Any) -> HeldLease | None:
    """Create a lease, unless there is one of that name.

    Args:
        path: The file.
        known: What it says in addition to who holds it.

    Returns:
        The lease, locked; None if somebody else has, or had, it.
    """
    who = {"pid": os.getpid(), "host": socket.gethostname(), "boot": boot(), **known}
    temp = path.with_name(f"{TEMP}{path.name}-{os.getpid()}-{os.urandom(2).hex()}")
    handle = os.open(temp, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(handle, json.dumps({**who, "locked": _lock(handle)}).encode())
        os.fsync(handle)
        os.link(temp, path)
    except (FileExistsError, FileNotFoundError):
        os.close(handle)
        return None
    except OSError:  # a file system without hard links
        os.close(handle)
        return _take_plainly(path, who)
    finally:
        temp.unlink(missing_ok=True)
    return HeldLease(path, handle)


@cache
def boot() -> str:
    """Return what no other machine has, nor this one after it was started again."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return socket.gethostname()


def _take_plainly(path: Path, who: dict[str, Any]) -> HeldLease | None:
    """Create it without a hard link: for a moment it is empty, and counts as one of another machine."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return None
    os.write(handle, json.dumps({**who, "locked": _lock(handle)}).encode())
    return HeldLease(path, handle)


def _lock(handle: int) -> bool:
    """Lock a file; whether its file system can."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _age(path: Path) -> float:
    """Seconds since the last sign of life: compared with a file that the same file system stamps now."""
    now = path.with_name(f"{TEMP}now-{os.getpid()}-{os.urandom(2).hex()}")
    try:
        with open(now, "xb"):
            os.utime(now)
        with open(now, "rb") as fresh, open(path, "rb") as seen:  # opened, so that a network disk looks again
            return os.fstat(fresh.fileno()).st_mtime - os.fstat(seen.fileno()).st_mtime
    finally:
        now.unlink(missing_ok=True)
