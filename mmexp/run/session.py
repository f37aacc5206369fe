"""The session of a run: locked, and with exactly one end on disk whatever happens."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from mmexp.error import ResourceError, Stopped
from mmexp.run.folder import RunFolder
from mmexp.run.lock import Lock
from mmexp.run.provenance import begin, finish
from mmexp.run.signals import SignalReceived, signals_deferred

_REASON = 16_384  # bytes that a record of the end may be longer than one of the beginning


@contextmanager
def record(folder: RunFolder, *, command: Sequence[str], seed: int, config: Mapping[str, Any]) -> Iterator[None]:
    """Hold the run's lock, record its beginning, and record how the block ended.

    Args:
        folder: The run.
        command: What was typed, word by word.
        seed: Of all randomness.
        config: The choices by group, so that an unfinished run can be identified.

    Raises:
        ConfigError: If another process has the run.
        ResourceError: If the disk has no room to record its end.
    """
    began = time.monotonic()

    def end(status: str, reason: str = "") -> None:
        with signals_deferred():
            lock.reserve(0)
            finish(folder, status, seconds=time.monotonic() - began, reason=reason)

    with Lock(folder) as lock:
        begin(folder, command=command, seed=seed, config=config)
        try:
            lock.reserve(folder.manifest.stat().st_size + _REASON)
            yield
        except (Stopped, SignalReceived, KeyboardInterrupt) as stop:
            end("stopped", str(stop) or "interrupted")
            raise
        except BaseException as fault:
            with suppress(ResourceError):  # what has no end on record counts as killed
                end("failed", f"{type(fault).__name__}: {fault}")
            raise
        end("done")
