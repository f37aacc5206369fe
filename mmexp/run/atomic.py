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

STRAY = ".tmp-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name only when the block ends well.

    Args:
        path: Final name. Its folder is made if only that one is missing.

    Yields:
        A binary file next to ``path``, so nothing is staged on another filesystem.

    Raises:
        ResourceError: If the disk is full; what stood under ``path`` is untouched.
    """
    path.parent.mkdir(exist_ok=True)
    temp = path.with_name(f"{STRAY}{path.name}-{os.getpid()}-{os.urandom(2).hex()}")
    try:
        with open(temp, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temp, path)
        _sync_folder(path.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise _full(path, error) from error
        raise
    finally:
        temp.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a whole file at once; text is UTF-8, and half a character pair is escaped.

    Raises:
        ResourceError: If the disk is full.
    """
    with atomic(path) as file:
        file.write(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)


def remove_temp_files(folder: Path) -> None:
    """Delete what killed writers left in a folder and below. Only the holder of its lock may call this."""
    for stray in folder.rglob(f"{STRAY}*"):
        stray.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _full(path: Path, error: OSError) -> ResourceError:
    free = shutil.disk_usage(path.parent).free
    return ResourceError(
        f"{path}: disk must have room for the file, got {free:,} bytes free ({error.strerror}).",
        "Free some space or set outputs= to another disk. Nothing that was complete is lost.",
    )
