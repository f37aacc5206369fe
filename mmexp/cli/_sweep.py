"""Jobs on the screen: a line when one begins or ends, and a table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mmexp.analysis.compare import compare
from mmexp.analysis.verdict import BaselineComparison
from mmexp.cli._table import print_table
from mmexp.cli._text import duration, number, printable
from mmexp.cli._verdict import exit_code, show_verdicts
from mmexp.config.yaml import shown
from mmexp.launcher.base import Launcher
from mmexp.launcher.shared import complete
from mmexp.run.command import line
from mmexp.run.folder import RunFolder
from mmexp.run.job import ENDED
from mmexp.run.redact import redact
from mmexp.run.summary import RunRow, neighbours, row
from mmexp.run.sweep import SweepFolder
from mmexp.runner.jobs import Job, has_failed
from mmexp.study.baselines import train_baselines
from mmexp.study.session import SweepSession


def run_jobs(launcher: Launcher, jobs: Sequence[Job]) -> int:
    """Launch the jobs, show how they fare, and return the exit code.

    Raises:
        Stopped: If a signal came.
    """
    try:
        _launch(launcher, jobs)
    finally:
        show_jobs(jobs)
    return int(has_failed(jobs))


def _launch(launcher: Launcher, jobs: Sequence[Job], sweep: SweepFolder | None = None) -> None:
    """Launch jobs, of a sweep those that have not ended, with a line when one begins or ends."""

    def report(job: Job) -> None:
        position = f"[{list(jobs).index(job) + 1}/{len(jobs)}]"
        label, status, score, time, _, reason = _cells(job)
        print(printable("  ".join(filter(None, [position, label, status, score, time, reason]))), flush=True)

    ended = sum(job.status in ENDED for job in jobs)
    print(f"{len(jobs)} jobs, {launcher.workers} at a time{f'; {ended} have ended' if ended else ''}", flush=True)
    if sweep:
        complete(launcher, sweep, jobs, report)
    else:
        launcher.launch(jobs, report)


def run_session(session: SweepSession) -> list[Job]:
    """Say where a sweep is, train what is left of it, and show how its jobs fare.

    Raises:
        Stopped: If a signal came, or somebody asked the sweep to stop.
    """
    print(printable(f"sweep    {session.folder.path}"), flush=True)
    begun: list[Job] = []  # of all rounds

    def launch(folder: SweepFolder, jobs: Sequence[Job]) -> None:
        begun.extend(jobs)
        _launch(session.launcher, jobs, folder)

    try:
        jobs = session.run(launch, lambda line: print(printable(line), flush=True))
    finally:
        if begun:
            show_jobs(begun)
    if note := session.folder.request.get("note"):
        print(printable(note))
    return jobs


def run_sweep(session: SweepSession, strict: bool = False) -> int:
    """Train what is left of a sweep and its baselines, show the verdicts, and return the exit code.

    Args:
        session: Of this process.
        strict: Whether to exit with 3 if a fusion does not beat its best single input.

    Raises:
        Stopped: If a signal came, or somebody asked the sweep to stop.
    """
    launcher, jobs = session.launcher, run_session(session)
    failed = int(has_failed(jobs))
    if not launcher.waits and any(job.status not in ENDED for job in jobs):
        print(printable(f"watch    {line('watch', session.folder.named)}"))
        print(printable(f"next     {session.folder.line('resume')}"))
        return failed
    if not (failed and launcher.fail_fast):
        wanted = [job for job in jobs if job.config.node.baselines]
        failed |= run_baselines(_done(wanted), launcher)[0]
    return failed or _print_verdicts(_done(jobs), strict)


def _done(jobs: Sequence[Job]) -> list[RunFolder]:
    """Folders of the jobs that are done."""
    return [job.folder for job in jobs if job.status == "done" and job.folder]


def _print_verdicts(folders: Sequence[RunFolder], strict: bool) -> int:
    """Print of each way that was trained whether it beats its best single input."""
    comparison, rows = BaselineComparison(neighbours(folders)), [row(folder) for folder in folders]
    retrained = [one for one in rows if "tuned" in one.config]  # the trials before have chosen its settings
    verdicts = show_verdicts(compare(retrained or rows), comparison)
    return exit_code(verdicts) if strict else 0


def run_baselines(folders: Sequence[RunFolder], launcher: Launcher) -> tuple[int, list[RunRow]]:
    """Train the baselines of finished runs, see ``train_baselines``, and show how they fare and which were there.

    Returns:
        The exit code, and the runs that are the baselines.
    """
    jobs, found = train_baselines(folders, partial(run_jobs, launcher))
    launched = {job.folder for job in jobs}
    if there := [one.folder for one in found if one.folder not in launched]:
        names = ", ".join(f"{one.path.parent.name}/{one.id}" for one in there)
        print(printable(f"baselines that were there before: {names}"))
    return int(has_failed(jobs)), found


def show_jobs(jobs: Sequence[Job]) -> None:
    """Print a table of jobs, and where to read of those that failed."""
    columns = ["job", "status", "score", "time>", "run!", "reason"]
    print_table(columns, map(_cells, jobs), optional=["time", "run"])
    for job in jobs:
        if job.folder and job.reason and job.status != "done":
            print(printable(f"{redact(job.label)}: see {shown(job.folder.log)}"))


def _cells(job: Job) -> list[str]:
    run = job.folder.id if job.folder else ""
    return [redact(job.label), job.status, _score(job), _time(job), run, redact(job.reason)]


def _score(job: Job) -> str:
    known = row(job.folder) if job.folder and job.status == "done" else None
    return f"{known.monitor} {number(known.metrics.get(known.monitor))}" if known else ""


def _time(job: Job) -> str:
    return "" if job.seconds is None else duration(round(job.seconds))
