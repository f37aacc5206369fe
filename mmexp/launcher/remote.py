"""Jobs that train on machines which share the disk: what is sent there, and how it is followed from here."""

from __future__ import annotations

import os
import signal
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Protocol, cast

from mmexp.error import ConfigError, MmexpError, Stopped
from mmexp.launcher.base import Launcher, Report
from mmexp.launcher.local import LocalLauncher
from mmexp.launcher.shared import complete
from mmexp.run.redact import redact, redact_tree
from mmexp.run.signals import SIGNALS
from mmexp.run.sweep import SweepFolder
from mmexp.runner.frozen import thaw
from mmexp.runner.jobs import Job, Status, has_failed

POLL = 0.5  # s


@dataclass(frozen=True)
class Outcome:
    """How a job has ended, as its machine reports it.

    Args:
        status: done, failed, pruned, stopped or killed.
        reason: Why it is not done, in one line.
        seconds: How long it took.
        path: Of its run folder.
        is_lost: Whether its machine reports nothing, and this is all that is known.
    """

    status: str
    reason: str = ""
    seconds: float | None = None
    path: Path | None = None
    is_lost: bool = False


class RemoteJob:
    """Train one job on the machine that this is sent to, as ``LocalLauncher`` would there.

    A job of a sweep is read there from its folder, so that no secret is sent. If its last attempt may still be alive,
    on a machine that was lost, it begins once that shows no sign of life any more.

    Args:
        job: What to train.
        launcher: Whose time limit, retries and back-off count.
        cpus: Threads that it computes with: as many as cores were asked for, whatever the machine has.

    Raises:
        ConfigError: If a job that has no folder holds a secret.
    """

    def __init__(self, job: Job, launcher: Launcher, cpus: int) -> None:
        self.cwd, self.plugins, self.cpus = os.getcwd(), job.config.plugins, cpus
        self.record, self.retry, self.prune = job.record, job.retry, job.prune
        self.job = None if job.record else replace(job, config=replace(job.config))  # without what it has resolved
        self.launcher = LocalLauncher(
            time_limit=launcher.time_limit, retries=launcher.retries, back_off=launcher.back_off
        )
        if self.job and redact_tree(list(job.command)) != list(job.command):
            rule = "words of a job that is sent to another machine must hold no secret"
            raise ConfigError(f"launcher: {rule}, got {redact(job.label)}.", "Name an environment variable instead.")

    def __call__(self) -> Outcome:
        os.chdir(self.cwd)
        os.environ["OMP_NUM_THREADS"] = str(self.cpus)
        try:
            job = self.job or self._thawed()
            with suppress(Stopped):
                if job.record:
                    complete(self.launcher, SweepFolder(job.record.path.parents[1]), [job])
                else:
                    self.launcher.launch([job])
        except MmexpError as error:
            reason = str(error).partition("\n")[0]
            if self.record:
                self.record.close(os.getpid(), "failed", reason, 0.0, error.exit_code)
            return Outcome("failed", reason)
        return Outcome(job.status, job.reason, job.seconds, job.path)

    def _thawed(self) -> Job:
        if self.record is None:
            raise TypeError("RemoteJob: job must have a folder or be sent whole, got neither.")
        return replace(thaw(self.record, self.plugins), retry=self.retry, prune=self.prune)


class Submission(Protocol):
    """One job that was sent away."""

    def outcome(self) -> Outcome | None:
        """Return how it has ended; None before."""

    def cancel(self, kill: bool) -> None:
        """Ask it to save its state and stop, or end it at once."""


class RemoteLauncher(Launcher):
    """Send jobs away, and follow them by their folders and by what their machines report."""

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> Sequence[Submission]:
        """Send jobs away, and return at once."""

    @property
    def capacity(self) -> int:
        """Jobs that may be sent away at a time."""
        return self.workers

    def launch(self, jobs: Sequence[Job], report: Report = lambda job: None) -> None:
        waiting, open_, asked = [job for job in jobs if job.is_free], list[tuple[Job, Submission]](), 0
        with _received() as signals:
            while waiting or open_:
                if signals or (self.fail_fast and has_failed(jobs)):
                    waiting.clear()
                for number in range(asked, len(signals)):
                    for _, submission in open_:
                        submission.cancel(kill=number > 0)
                asked, room = len(signals), self.capacity - len(open_)
                batch, waiting = waiting[:room], waiting[room:]
                open_ += zip(batch, self.submit(batch) if batch else (), strict=True)
                time.sleep(POLL)
                open_ = [(job, submission) for job, submission in open_ if not _ended(job, submission, report)]
        if signals:
            done = sum(job.status == "done" for job in jobs)
            stop = Stopped(f"Sweep: stopped with {done} of {len(jobs)} jobs done.")
            stop.exit_code = 128 + signals[0]
            raise stop


def _ended(job: Job, submission: Submission, report: Report) -> bool:
    """Keep how far a job is, and return whether it has ended."""
    before, outcome = job.status, submission.outcome()
    if outcome is None:
        job.refresh()
        job.status = job.status if job.status == "running" else before  # which it stays between two attempts
        if job.status != before:
            report(job)
        return False
    if outcome.is_lost and job.record:
        job.record.close(os.getpid(), outcome.status, outcome.reason, 0.0, 1)
    job.refresh()
    if job.record is None or outcome.is_lost:
        job.status, job.reason = cast(Status, outcome.status), outcome.reason
        job.seconds, job.path = outcome.seconds or job.seconds, outcome.path or job.path
    report(job)
    return True


@contextmanager
def _received() -> Iterator[list[int]]:
    """Yield the signals to stop that have come since."""
    received: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, keep) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
