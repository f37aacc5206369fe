"""Fault injection: named places where a test makes a run fail, such as ``MMEXP_FAULT=checkpoint.half_written:kill``."""

from __future__ import annotations

import os
import signal

_place, _, _way = os.environ.get("MMEXP_FAULT", "").partition(":")
FAULTS: dict[str, str] = {_place: _way} if _place else {}


def inject_fault(place: str) -> None:
    """Kill this process here if the environment says so: ``kill``."""
    if FAULTS.get(place) == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
