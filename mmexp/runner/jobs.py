"""Jobs: runs to be trained, those that are there already, and the run that each has given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from mmexp.config.config import Config
from mmexp.run.folder import RunFolder
from mmexp.run.job import JobFolder
from mmexp.run.summary import DONE, RunRow

Status = Literal["waiting", "running", "done", "failed", "pruned", "stopped", "killed"]


@dataclass
class Job:
    """One run to be trained. What follows ``command`` is kept by its launcher.

    Args:
        label: What sets it apart from the others.
        config: Composed and checked before the first job starts.
        command: What one would type for it alone, word by word.
        status: How far it is.
        reason: Why it is not done, in one line.
        seconds: How long it took; None before its end.
        path: Of its run folder; None before there is one.
        record: Its folder in a sweep, which several processes may share; None outside of one.
        retry: Whether it is to be trained although it has failed.
        prune: Decides at each validation whether to give it up; takes the number of the validation and its score.
    """

    label: str
    config: Config
    command: Sequence[str]
    status: Status = "waiting"
    reason: str = ""
    seconds: float | None = None
    path: Path | None = None
    record: JobFolder | None = None
    retry: bool = False
    prune: Callable[[int, float], bool] | None = None

    @property
    def folder(self) -> RunFolder | None:
        """Its run folder, if it has one."""
        return RunFolder(self.path) if self.path and self.path.exists() else None

    @property
    def is_free(self) -> bool:
        """Whether it may be started: no other process works on it or has ended it."""
        return self.record is None or self.record.is_free(self.retry)

    def end(self, status: str, reason: str, seconds: float, pid: int, exit_code: int = 0) -> None:
        """Keep how it has ended, in its folder too.

        Args:
            status: done, failed, pruned, stopped or killed.
            reason: Why it is not done.
            seconds: How long it took.
            pid: Process that has trained it, which is gone.
            exit_code: Of the process.
        """
        self.status, self.reason, self.seconds = cast(Status, status), reason.partition("\n")[0], seconds
        if self.record:
            self.record.close(pid, status, self.reason, seconds, exit_code)
            self.refresh()

    def refresh(self) -> None:
        """Read from its folder how far it is; nothing changes outside of a sweep."""
        if self.record:
            state, run = self.record.state(), self.record.run
            self.status, self.reason, self.seconds = cast(Status, state.status), state.reason, state.seconds
            self.path = run.path if run else None


def has_failed(jobs: Iterable[Job]) -> bool:
    """Return whether a job has ended otherwise than done, or was given up by its search."""
    return any(job.status in ("failed", "stopped", "killed") for job in jobs)


def distinct(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs without repetitions: the first of those with the same config."""
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.config.key, job)
    return list(first.values())


def missing(jobs: Sequence[Job], rows: Iterable[RunRow]) -> list[Job]:
    """Return the jobs that no finished run has done."""
    known = {row.key for row in rows if row.status == DONE}
    return [job for job in distinct(jobs) if job.config.key not in known]


def results(jobs: Sequence[Job], rows: Iterable[RunRow]) -> list[RunRow | None]:
    """Return the newest finished run of each job, None where there is none."""
    newest = {row.key: row for row in sorted(rows, key=lambda row: row.folder.id) if row.status == DONE}
    return [newest.get(job.config.key) for job in jobs]
