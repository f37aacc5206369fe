"""Jobs on the screen: a line when one begins or ends, and a table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mmexp.cli._table import print_table
from mmexp.cli._text import duration, number, printable
from mmexp.config.yaml import shown
from mmexp.launcher.base import Launcher
from mmexp.run.folder import RunFolder
from mmexp.run.redact import redact
from mmexp.run.summary import RunRow, row
from mmexp.runner.jobs import Job, has_failed
from mmexp.study.baselines import train_baselines


def run_jobs(launcher: Launcher, jobs: Sequence[Job]) -> int:
    """Launch the jobs, show how they fare, and return the exit code.

    Raises:
        Stopped: If a signal came.
    """

    def report(job: Job) -> None:
        position = f"[{list(jobs).index(job) + 1}/{len(jobs)}]"
        label, status, score, time, _, reason = _cells(job)
        print(printable("  ".join(filter(None, [position, label, status, score, time, reason]))), flush=True)

    print(f"{len(jobs)} jobs, {launcher.workers} at a time", flush=True)
    try:
        launcher.launch(jobs, report)
    finally:
        _show(jobs)
    return int(has_failed(jobs))


def run_baselines(folders: Sequence[RunFolder], launcher: Launcher) -> tuple[int, list[RunRow]]:
    """Train the baselines of finished runs, see ``train_baselines``, and show how they fare.

    Returns:
        The exit code, and the runs that are the baselines.
    """
    jobs, found = train_baselines(folders, partial(run_jobs, launcher))
    return int(has_failed(jobs)), found


def _show(jobs: Sequence[Job]) -> None:
    columns = ["job", "status", "score", "time>", "run!", "reason"]
    print_table(columns, map(_cells, jobs), optional=["time", "run"])
    for job in jobs:
        if job.folder and job.reason:
            print(printable(f"{redact(job.label)}: see {shown(job.folder.log)}"))


def _cells(job: Job) -> list[str]:
    run = job.folder.id if job.folder else ""
    return [redact(job.label), job.status, _score(job), _time(job), run, redact(job.reason)]


def _score(job: Job) -> str:
    known = row(job.folder) if job.folder and job.status == "done" else None
    return f"{known.monitor} {number(known.metrics.get(known.monitor))}" if known else ""


def _time(job: Job) -> str:
    return "" if job.seconds is None else duration(round(job.seconds))
