"""Named places where a test lets a run fail: ``MMEXP_FAULT=checkpoint.half_written:kill``."""

from __future__ import annotations

import errno
import os
import signal

_place, _, _way = os.environ.get("MMEXP_FAULT", "").partition(":")
FAULTS: dict[str, str] = {_place: _way} if _place else {}


def inject_fault(place: str) -> None:
    """Fail here if that is asked for: ``kill`` ends the process without a word, ``full`` finds the disk full.

    Raises:
        OSError: If the disk is to be full.
    """
    way = FAULTS.get(place)
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif way == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
