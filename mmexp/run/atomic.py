"""A finished file under its final name is complete, or absent."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mmexp.error import ResourceError

TEMP = ".tmp-"
"""Begins the name of a file, or folder, that is not complete yet."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Error numbers of a disk, a quota or a file-size limit that is full."""


class AtomicFile:
    """Take all that is written and count it, also what the disk has no room for; the error is raised by ``flush``.

    So a library's writer ends as it always does, and cannot hide the error behind one of its own.

    Args:
        file: Where the bytes go.

    Attributes:
        size: Bytes written so far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        size = memoryview(data).nbytes
        self.size += size
        if self._error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._error = error
        return size

    def flush(self) -> None:
        """Hand all bytes to the system.

        Raises:
            OSError: The first that writing has met.
        """
        if self._error is not None:
            raise self._error
        self._file.flush()

    def sync(self) -> None:
        """Make all bytes survive a power cut; raises as ``flush`` does."""
        self.flush()
        os.fsync(self._file.fileno())


@contextmanager
def atomic(path: Path) -> Iterator[AtomicFile]:
    """Open a file that takes its name only when the block ends well.

    Args:
        path: Final name. Its folder is made if only that one is missing.

    Yields:
        A binary file next to ``path``, so nothing is staged on another filesystem.

    Raises:
        ResourceError: If the disk is full; what stood under ``path`` is untouched.
    """
    temp = path.with_name(f"{TEMP}{path.name}-{os.getpid()}-{os.urandom(2).hex()}")
    file: AtomicFile | None = None
    try:
        path.parent.mkdir(exist_ok=True)
        with open(temp, "xb") as raw:
            file = AtomicFile(raw)
            yield file
            file.sync()
        os.replace(temp, path)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno not in FULL:
            raise
        temp.unlink(missing_ok=True)
        raise full_disk(path, error, file.size if file else 0) from error
    finally:
        temp.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a whole file at once; text is UTF-8, and half a character pair is escaped.

    What is no file, such as ``/dev/stdout`` or a pipe, is written to and never replaced.

    Raises:
        ResourceError: If the disk is full.
    """
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    with atomic(path) as file:
        file.write(content)


def write_once(path: Path, data: str) -> bool:
    """Write a whole file unless there is one of that name, also if several processes do so at once.

    Returns:
        Whether this call has written it.
    """
    temp = path.with_name(f"{TEMP}{path.name}-{os.getpid()}-{os.urandom(2).hex()}")
    write_atomic(temp, data)
    try:
        os.link(temp, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        os.replace(temp, path)
    finally:
        temp.unlink(missing_ok=True)
    return True


def remove_temp_files(folder: Path) -> None:
    """Delete what killed writers left in a folder and below. Only the holder of its lock may call this."""
    for temp in folder.rglob(f"{TEMP}*"):
        temp.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def full_disk(path: Path, error: OSError, size: int) -> ResourceError:
    """Return what to raise when the disk has no room for a file of some bytes; 0 if that is not known."""
    needed = f"the {size:,} bytes of the file" if size else "the file"
    free = shutil.disk_usage(path.parent).free
    rule = f"disk of {path.parent} must have room for {needed}"
    return ResourceError(
        f"{path}: {rule}, got {free:,} bytes free ({error.strerror}).",
        "Free some space or set outputs= to another disk. Nothing that was complete is lost.",
    )
