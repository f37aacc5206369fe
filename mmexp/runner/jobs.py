"""Jobs: runs to be trained, those that are there already, and the run that each has given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mmexp.config.config import Config
from mmexp.run.folder import RunFolder
from mmexp.run.summary import DONE, RunRow

Status = Literal["waiting", "running", "done", "failed", "stopped", "killed"]


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
    """

    label: str
    config: Config
    command: Sequence[str]
    status: Status = "waiting"
    reason: str = ""
    seconds: float | None = None
    path: Path | None = None

    @property
    def folder(self) -> RunFolder | None:
        """Its run folder, if it has one."""
        return RunFolder(self.path) if self.path and self.path.exists() else None


def has_failed(jobs: Iterable[Job]) -> bool:
    """Return whether a job has ended otherwise than done."""
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
