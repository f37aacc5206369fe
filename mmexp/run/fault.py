"""Fault injection: named places where a test makes a run fail, such as ``MMEXP_FAULT=checkpoint.half_written:kill``."""

from __future__ import annotations

import errno
import os
import signal

_place, _, _way = os.environ.get("MMEXP_FAULT", "").partition(":")
FAULTS: dict[str, str] = {_place: _way} if _place else {}


def inject_fault(place: str) -> None:
    """Fail here if the environment says so: ``kill`` kills the process, ``full`` raises as for a full disk.

    Raises:
        OSError: For a full disk.
    """
    way = FAULTS.get(place)
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif way == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
