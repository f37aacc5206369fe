"""The inside of a worker process: call the work, report how it ended, and end with the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path
from typing import Any, Literal

from mmexp.error import MmexpError, Stopped
from mmexp.run.signals import SIGNALS, stoppable

GRACE = 20.0  # s between asking a process to stop and killing it

Report = Callable[[Any], None]
Status = Literal["done", "failed", "stopped", "killed"]


@dataclass(frozen=True)
class End:
    """How a worker ended.

    Args:
        status: done, failed, stopped (on request), or killed.
        message: Why it is not done.
        hint: What to type next.
        traceback: Of an unexpected error.
        exit_code: What the command line would return.
        at: When, by ``time.monotonic``.
    """

    status: Status = "done"
    message: str = ""
    hint: str = ""
    traceback: str = ""
    exit_code: int = 0
    at: float = field(default_factory=time.monotonic)


def main(
    pipe: connection.Connection,
    method: str,
    env: Mapping[str, str],
    work: Callable[..., None],
    arguments: Sequence[Any],
) -> None:
    """Call the work in a session of its own, and send its reports and its end through the pipe.

    Args:
        pipe: Takes what the work reports, then an ``End``.
        method: How processes of this one start.
        env: The whole environment.
        work: Takes a ``Report``, then the arguments.
        arguments: The other arguments of ``work``.
    """
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    multiprocessing.set_start_method(method, force=True)  # for loaders, which else would start servers of their own
    if torch := sys.modules.get("torch"):  # once it is loaded, it reads the environment no more
        torch.set_num_threads(int(env["OMP_NUM_THREADS"]))
    end = call(work, (pipe.send, *arguments))
    pipe.send(end)
    sys.exit(end.exit_code)


def call(work: Callable[..., None], arguments: Sequence[Any]) -> End:
    """Call the work until it returns, raises or is stopped by a signal, and return how it ended."""
    try:
        with stoppable():
            work(*arguments)
    except MmexpError as error:
        status: Status = "stopped" if isinstance(error, Stopped) else "failed"
        return End(status, str(error), hint=error.hint, exit_code=error.exit_code)
    except BaseException as error:
        message = f"{type(error).__name__}: {error}"
        return End("failed", message, traceback=traceback.format_exc(), exit_code=1)
    return End()


def end_of(code: int | None) -> End:
    """Return how a process ended that reported no end, by its exit code."""
    if code == -signal.SIGTERM:
        return End("stopped", "Training: stopped before it began.", exit_code=143)
    how = f"was ended by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"
    return End("killed", f"Its process {how}.", exit_code=1)


def redirect(path: Path, *streams: int) -> None:
    """Append what this process writes to these file descriptors to a file."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for stream in streams:
        os.dup2(handle, stream)
    os.close(handle)


def _end_with_parent() -> None:
    """Wait until the process that started this one dies, then stop; kill what is left after ``GRACE``."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)
