"""Many runs from one command line, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmexp.config.compose import Config
from mmexp.error import Stopped
from mmexp.run.folder import RunFolder
from mmexp.runner.worker import GRACE, Report, Worker, say_in, supervised, wait

POLL = 0.5  # s


@dataclass
class Job:
    """One run of a sweep.

    Args:
        label: What sets it apart from the others.
        config: Composed and checked before the first job starts.
        command: What one would type for it alone, word by word.
        worker: Its process, once it has one.
    """

    label: str
    config: Config
    command: Sequence[str]
    worker: Worker | None = None

    @property
    def status(self) -> str:
        """waiting, running, done, failed, stopped or killed."""
        if self.worker is None:
            return "waiting"
        return self.worker.end.status if self.worker.end else "running"

    @property
    def folder(self) -> RunFolder | None:
        """Its run folder, if it has one."""
        told = self.worker and self.worker.told
        return RunFolder(told) if told and told.exists() else None

    @property
    def reason(self) -> str:
        """Why it is not done, in one line."""
        return self.worker.end.message.partition("\n")[0] if self.worker and self.worker.end else ""


class Sweep:
    """Run jobs, some at a time; one that fails does not stop the others.

    Args:
        jobs: In order.
        workers: Jobs at once, which divide the threads among them.
        time_limit: Seconds after which a job is asked to stop; 0 for no limit.
        fail_fast: Start no further job once one has failed.
        tell: Called with a job when it has begun and when it has ended.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        workers: int = 1,
        time_limit: float = 0.0,
        fail_fast: bool = False,
        tell: Callable[[Job], None] = lambda job: None,
    ) -> None:
        self.jobs, self.workers, self.time_limit = jobs, workers, time_limit
        self.fail_fast, self.tell = fail_fast, tell
        self._running: list[Worker] = []

    @property
    def failed(self) -> bool:
        """Whether a job has ended otherwise than done."""
        return any(job.status in ("failed", "stopped", "killed") for job in self.jobs)

    def run(self) -> None:
        """Run all jobs. The first Ctrl-C lets running jobs save and stop, the second kills them.

        Raises:
            Stopped: If it was asked to stop.
        """
        waiting = list(self.jobs)
        with supervised(self._running) as asked:
            while waiting or self._running:
                if asked or (self.fail_fast and self.failed):
                    waiting.clear()
                if waiting and len(self._running) < self.workers:
                    self._start(waiting.pop(0))
                else:
                    wait(self._running, POLL)
                    self._collect(bool(asked))
        if asked:
            done = sum(job.status == "done" for job in self.jobs)
            stop = Stopped(f"Sweep: stopped with {done} of {len(self.jobs)} jobs done.")
            stop.exit_code = 128 + asked[0]
            raise stop

    def _start(self, job: Job) -> None:
        job.worker = Worker(train_job, (job.config, job.command), share=self.workers)
        self._running.append(job.worker)
        self.tell(job)

    def _collect(self, asked: bool) -> None:
        """Look after the jobs that run, and take leave of those that have ended."""
        for job in self.jobs:
            if job.worker is None or job.worker not in self._running:
                continue
            late = job.worker.seconds - self.time_limit if self.time_limit else 0
            if late > 0 or asked:
                job.worker.ask(f"It took longer than {self.time_limit:g} s." if late > 0 else "")
            if late > GRACE:
                job.worker.kill()
            if job.worker.poll():
                self._running.remove(job.worker)
                self.tell(job)


def train_job(tell: Report, config: Config, command: Sequence[str]) -> None:
    """Train one job, as a worker; tells the path of its run folder. What it says goes to the run's log."""
    from rich.console import Console

    from mmexp.runner.run import run_training

    def started(folder: RunFolder) -> None:
        say_in(folder.log, 1, 2)
        tell(folder.path)

    say_in(Path(os.devnull), 1, 2)
    run_training(config, command, Console(), started=started)
