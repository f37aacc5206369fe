"""Processes of our own, forked from a server that has the libraries loaded; they say how they end, and end with us."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing import connection, forkserver, resource_tracker
from pathlib import Path
from types import FrameType
from typing import Any

from mmexp.error import MmexpError, Stopped
from mmexp.run.machine import cpu_count
from mmexp.run.signals import SIGNALS, stoppable

PRELOAD = ["mmexp.config.compose", "mmexp.training.trainer"]
GRACE = 20.0  # s between asking a process to end and killing it

Report = Callable[[Any], None]


@dataclass(frozen=True)
class End:
    """How a worker ended.

    Args:
        status: done, failed, stopped (it was asked to), or killed.
        message: Why it is not done.
        hint: What to type next.
        traceback: Of an error that was not foreseen.
        exit_code: What the command line would return.
        at: When, by ``time.monotonic``.
    """

    status: str = "done"
    message: str = ""
    hint: str = ""
    traceback: str = ""
    exit_code: int = 0
    at: float = field(default_factory=time.monotonic)


class Worker:
    """Call a function in a process, and session, of its own.

    It starts in the environment of this process, with its share of the threads. If this process dies, it is asked to
    stop as by ``ask``, and killed if it does not.

    Args:
        work: A function that can be imported. Its first argument is a function: what that is given, ``told`` holds.
        arguments: The other ones; pickled.
        env: Environment variables to set.
        share: How many workers there are to divide the threads by.

    Attributes:
        told: The newest thing told, None before the first.
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
        self.process = context.Process(target=_main, args=(theirs, method, environment, work, arguments))
        self.process.start()
        theirs.close()
        self.began = time.monotonic()
        self.told: Any = None
        self.end: End | None = None
        self._said: End | None = None
        self._asked, self._why = False, ""

    @property
    def seconds(self) -> float:
        """Since it began, until it ended."""
        return (self.end.at if self.end else time.monotonic()) - self.began

    def poll(self) -> bool:
        """Take what it has said, and return whether it has ended."""
        if self.end is None:
            gone = not self.process.is_alive()
            if gone:
                self.kill()
            self._listen()
            if gone:
                self._pipe.close()
                self.end = self._judged(self._said or _silent(self.process.exitcode))
        return self.end is not None

    def ask(self, why: str = "") -> None:
        """Ask it, once, to save its state and stop."""
        if not self._asked:
            self._asked, self._why = True, why
            self.process.terminate()

    def kill(self, why: str = "") -> None:
        """End it and all processes of its session at once."""
        if self.end is None and self.process.pid:
            self._why = self._why or why
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()

    def _judged(self, end: End) -> End:
        """The end, with the reason why it was brought about."""
        return end if end.status == "done" else replace(end, message=f"{self._why} {end.message}".strip())

    def _listen(self) -> None:
        with suppress(OSError, EOFError):  # of one that was killed in the middle of a word
            while self._pipe.poll():
                said = self._pipe.recv()
                if isinstance(said, End):
                    self._said = said
                else:
                    self.told = said


def warm_up() -> None:
    """Let the server load the libraries, unless it has, while we go on.

    It gets no threads, so that it can fork, and no signals that ask to stop, which are meant for the workers.
    """
    forkserver.set_forkserver_preload(PRELOAD)
    resource_tracker.ensure_running()  # which would let signals through again
    given = os.environ.get("OPENBLAS_NUM_THREADS")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("OPENBLAS_NUM_THREADS")
        os.environ |= {"OPENBLAS_NUM_THREADS": given} if given else {}
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait(workers: Sequence[Worker], timeout: float) -> None:
    """Wait until one of them ends, at most ``timeout`` seconds."""
    connection.wait([worker.process.sentinel for worker in workers], timeout)


@contextmanager
def supervised(workers: Sequence[Worker]) -> Iterator[list[int]]:
    """Pass SIGINT and SIGTERM on to workers: the first asks them to stop, the second kills them.

    None of them outlives the block.

    Args:
        workers: May change meanwhile.

    Yields:
        The signals that came.
    """
    came: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        came.append(number)
        for worker in workers:
            if len(came) == 1:
                worker.ask()
            else:
                worker.kill("Killed by request.")

    before = {number: signal.signal(number, pass_on) for number in SIGNALS}
    try:
        yield came
    finally:
        for worker in workers:
            worker.kill()
        for number, handler in before.items():
            signal.signal(number, handler)


def say_in(path: Path, *streams: int) -> None:
    """Send what this process writes to these file descriptors to the end of a file."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for stream in streams:
        os.dup2(handle, stream)
    os.close(handle)


def threads() -> int:
    """Threads that computing may use in all: ``OMP_NUM_THREADS``, or one per processor."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() else cpu_count()


def _main(
    pipe: connection.Connection, method: str, env: Mapping[str, str], work: Callable[..., None], arguments: Any
) -> None:
    """Be a worker: call the function and say how it ended."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_follow, daemon=True).start()
    multiprocessing.set_start_method(method, force=True)  # for loaders, which else would start servers of their own
    if torch := sys.modules.get("torch"):  # once it is loaded, it reads the environment no more
        torch.set_num_threads(int(env["OMP_NUM_THREADS"]))
    end = _work(work, (pipe.send, *arguments))
    pipe.send(end)
    sys.exit(end.exit_code)


def _work(work: Callable[..., None], arguments: Sequence[Any]) -> End:
    try:
        with stoppable():
            work(*arguments)
    except MmexpError as error:
        status = "stopped" if isinstance(error, Stopped) else "failed"
        return End(status, str(error), hint=error.hint, exit_code=error.exit_code)
    except BaseException as error:
        message = f"{type(error).__name__}: {error}"
        return End("failed", message, traceback=traceback.format_exc(), exit_code=1)
    return End()


def _silent(code: int | None) -> End:
    """How a worker ended that could not say it."""
    if code == -signal.SIGTERM:
        return End("stopped", "Run: stopped before it began.", exit_code=143)
    how = f"was ended by {signal.Signals(-code).name}" if code and code < 0 else f"ended with exit code {code}"
    return End("killed", f"Its process {how}.", exit_code=1)


def _follow() -> None:
    """Wait for the death of the process that started this one, and end too."""
    starter = multiprocessing.parent_process()
    if starter is None:
        return
    starter.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(os.getpgrp(), signal.SIGKILL)
