"""Worker processes, forked from a server that has loaded the libraries; none outlives the process that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import connection, forkserver, resource_tracker
from types import FrameType
from typing import Any

from mmexp.run.machine import cpu_count
from mmexp.run.signals import SIGNALS
from mmexp.runner import preload
from mmexp.runner.process import End, end_of, main

PRELOAD = ["mmexp.config.compose", "mmexp.training.trainer"]


class Worker:
    """Call a function in a process, and session, of its own.

    It starts in the environment of this process, with its share of the threads. If this process dies, it is asked to
    stop as by ``request_stop``, and killed if it does not.

    Args:
        work: A function that can be imported. Its first argument is a function that reports to this process.
        arguments: The other ones; pickled.
        env: Environment variables to set.
        share: How many workers there are to divide the threads by.

    Attributes:
        reported: The newest report, None before the first.
        end: How it ended, None before.
    """

    def __init__(
        self,
        work: Callable[..., None],
        arguments: Sequence[Any] = (),
        *,
        env: Mapping[str, str] | None = None,
        share: int = 1,
    ) -> None:
        warm_up()
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = context.Pipe(duplex=False)
        environment = {**os.environ, "OMP_NUM_THREADS": str(max(1, threads() // share)), **(env or {})}
        method = multiprocessing.get_start_method()
        self.process = context.Process(target=main, args=(theirs, method, environment, work, arguments))
        self.process.start()
        theirs.close()
        self.began = time.monotonic()
        self.reported: Any = None
        self.end: End | None = None
        self._reported_end: End | None = None
        self._stop_requested, self._why = False, ""

    @property
    def seconds(self) -> float:
        """Since it began, until it ended."""
        return (self.end.at if self.end else time.monotonic()) - self.began

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.process.pid or 0

    def poll(self) -> bool:
        """Receive what it has reported, and return whether it has ended."""
        if self.end is None:
            gone = not self.process.is_alive()
            if gone:
                self.kill()
            self._receive()
            if gone:
                self._pipe.close()
                self.end = self._with_reason(self._reported_end or end_of(self.process.exitcode))
        return self.end is not None

    def request_stop(self, why: str = "") -> bool:
        """Ask it, once, to save its state and stop, and return whether this was the first time."""
        if self._stop_requested:
            return False
        self._stop_requested, self._why = True, why
        self.process.terminate()
        return True

    def kill(self, why: str = "") -> None:
        """End it and all processes of its session at once."""
        if self.end is None and self.process.pid:
            self._why = self._why or why
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()

    def _with_reason(self, end: End) -> End:
        """The end, with the reason why it was stopped or killed."""
        return end if end.status == "done" else replace(end, message=f"{self._why} {end.message}".strip())

    def _receive(self) -> None:
        with suppress(OSError, EOFError):  # of one that was killed while it wrote
            while self._pipe.poll():
                report = self._pipe.recv()
                if isinstance(report, End):
                    self._reported_end = report
                else:
                    self.reported = report


def warm_up(modules: Iterable[str] = ()) -> None:
    """Start the server that loads the libraries, unless it runs, and return at once.

    It gets no threads, so that it can fork, and no signals to stop, which are meant for the workers.

    Args:
        modules: Others that most workers will import, loaded once for all of them.
    """
    forkserver.set_forkserver_preload([*PRELOAD, preload.__name__])
    resource_tracker.ensure_running()  # which would let signals through again
    own = {"OPENBLAS_NUM_THREADS": "1", preload.NAMED: " ".join(sorted(modules))}
    given = {name: os.environ[name] for name in own if name in os.environ}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.environ |= own
    try:
        forkserver.ensure_running()
    finally:
        for name in own:
            del os.environ[name]
        os.environ |= given
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait(workers: Collection[Worker], timeout: float) -> None:
    """Wait until one of them ends, at most ``timeout`` seconds."""
    connection.wait([worker.process.sentinel for worker in workers], timeout)


@contextmanager
def supervised(workers: Collection[Worker]) -> Iterator[list[int]]:
    """Pass SIGINT and SIGTERM on to workers: the first asks them to stop, the second kills them.

    None of them outlives the block.

    Args:
        workers: May change meanwhile.

    Yields:
        The signals received so far.
    """
    received: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        received.append(number)
        for worker in workers:
            if len(received) == 1:
                worker.request_stop()
            else:
                worker.kill("Killed by request.")

    before = {number: signal.signal(number, pass_on) for number in SIGNALS}
    try:
        yield received
    finally:
        for worker in workers:
            worker.kill()
        for number, handler in before.items():
            signal.signal(number, handler)


def threads() -> int:
    """Return how many threads computing may use in all: ``OMP_NUM_THREADS``, or one per processor."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() else cpu_count()
