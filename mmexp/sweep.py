"""Many runs from one command line: one process each, forked from a server that has the libraries loaded."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import FrameType

from mmexp.config import Config
from mmexp.error import MmexpError, Stopped

PRELOAD = ["mmexp.training", "mmexp.task.captioning", "mmexp.task.classification", "mmexp.dataset.scenes"]
POLL = 0.05  # s


@dataclass
class Job:
    """One run of a sweep.

    Args:
        overrides: What sets it apart.
        config: Composed and checked before the first job starts.
        status: waiting, running, done, failed, stopped or killed.
        folder: Its run folder, once it has one.
        reason: Why it is not done, one line.
        seconds: How long it took.
    """

    overrides: list[str]
    config: Config
    status: str = "waiting"
    folder: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass
class Sweep:
    """Run jobs, ``workers`` at a time; one that fails does not stop the others.

    Args:
        jobs: In order.
        command: What was typed, word by word.
        workers: Jobs at once.
        time_limit: Seconds a job may take; 0 for no limit.
        fail_fast: Start no further job once one has failed.
        tell: Called with a job whenever its status changes.
    """

    jobs: list[Job]
    command: Sequence[str]
    workers: int = 1
    time_limit: float = 0.0
    fail_fast: bool = False
    tell: Callable[[Job], None] = lambda job: None
    asked: int = field(default=0, init=False)
    _running: list[_Running] = field(default_factory=list, init=False)

    def run(self) -> None:
        """Run all jobs. The first Ctrl-C lets running jobs save and stop, the second kills them."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        waiting = list(self.jobs)
        try:
            while (waiting and not self._halted()) or self._running:
                while waiting and len(self._running) < self.workers and not self._halted():
                    self._running.append(self._start(waiting.pop(0), context))
                self._collect()
                time.sleep(POLL)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self.asked:
            raise KeyboardInterrupt

    @property
    def failed(self) -> bool:
        """Whether a job ended otherwise than done."""
        return any(job.status not in ("waiting", "running", "done") for job in self.jobs)

    def _halted(self) -> bool:
        return bool(self.asked) or (self.fail_fast and self.failed)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        self.asked += 1
        for running in self._running:
            running.end(signal.SIGTERM if self.asked == 1 else signal.SIGKILL)

    def _start(self, job: Job, context: multiprocessing.context.ForkServerContext) -> _Running:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(job.config, list(self.command), theirs))
        job.status = "running"
        process.start()
        theirs.close()
        self.tell(job)
        return _Running(job, process, ours)

    def _collect(self) -> None:
        for running in list(self._running):
            running.listen()
            if self.time_limit and running.age > self.time_limit and running.process.is_alive():
                running.job.reason = f"took longer than {self.time_limit:g} s"
                running.end(signal.SIGKILL)
            if not running.process.is_alive():
                running.close()
                self._running.remove(running)
                self.tell(running.job)


class _Running:
    """A job, its process, and the pipe it reports through."""

    def __init__(self, job: Job, process: BaseProcess, pipe: Connection) -> None:
        self.job, self.process, self.pipe = job, process, pipe
        self.began = time.monotonic()

    @property
    def age(self) -> float:
        return time.monotonic() - self.began

    def listen(self) -> None:
        """Take what the job has reported so far."""
        try:
            while self.pipe.poll():
                for name, value in self.pipe.recv().items():
                    setattr(self.job, name, value)
        except EOFError:
            return

    def end(self, number: signal.Signals) -> None:
        """Signal the job and all its processes."""
        if self.process.pid is not None and self.process.is_alive():
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                self.process.kill()

    def close(self) -> None:
        """Note how the job ended."""
        self.process.join()
        self.listen()
        self.pipe.close()
        self.job.seconds = self.age
        if self.job.status == "running":
            self.job.status = "killed"
            self.job.reason = self.job.reason or f"its process ended with code {self.process.exitcode}"


def _work(config: Config, command: Sequence[str], pipe: Connection) -> None:
    """Run one job in a process of its own and report through the pipe; what it says goes to its log."""
    from rich.console import Console

    from mmexp.conduct import conduct

    os.setsid()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            conduct(
                config, command, Console(file=nowhere), started=lambda folder: pipe.send({"folder": str(folder.path)})
            )
        except (Stopped, KeyboardInterrupt) as stop:
            pipe.send({"status": "stopped", "reason": str(stop)})
            raise SystemExit(143) from None
        except Exception as fault:
            kind = "" if isinstance(fault, MmexpError) else f"{type(fault).__name__}: "
            pipe.send({"status": "failed", "reason": f"{kind}{fault}".strip().splitlines()[0]})
            raise SystemExit(getattr(fault, "exit_code", 1)) from None
        pipe.send({"status": "done"})
