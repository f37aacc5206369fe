"""Runs that a study needs: those that are there already are not trained again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmexp.run.summary import DONE, RunRow
from mmexp.runner.sweep import Job


def distinct(jobs: Iterable[Job]) -> list[Job]:
    """The jobs without repetitions: the first of those that ask for exactly the same."""
    first: dict[str, Job] = {}
    for job in jobs:
        first.setdefault(job.config.key, job)
    return list(first.values())


def missing(jobs: Sequence[Job], rows: Iterable[RunRow]) -> list[Job]:
    """The jobs that no finished run has done."""
    known = {row.key for row in rows if row.status == DONE}
    return [job for job in distinct(jobs) if job.config.key not in known]


def results(jobs: Sequence[Job], rows: Iterable[RunRow]) -> list[RunRow | None]:
    """The newest finished run of each job, None where there is none."""
    newest = {row.key: row for row in sorted(rows, key=lambda row: row.folder.id) if row.status == DONE}
    return [newest.get(job.config.key) for job in jobs]
