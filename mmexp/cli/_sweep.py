"""A sweep on the screen: a line when a job begins or ends, and a table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmexp.cli._gate import neighbours
from mmexp.cli._text import duration, number, print_table, printable
from mmexp.config.compose import Config
from mmexp.config.yaml import shown
from mmexp.error import ConfigError
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, row
from mmexp.runner.baselines import baselines, fitting
from mmexp.runner.jobs import distinct, missing, results
from mmexp.runner.sweep import Job, Sweep


def read_jobs(overrides: Sequence[str], prefix: Sequence[str], compose: Callable[[list[str]], Config]) -> list[Job]:
    """Compose the config of each job, all of them before any is started.

    Args:
        overrides: As typed, with several values where they are swept over.
        prefix: Words of the command that come before a job's overrides.
        compose: Makes a config from a job's overrides.

    Raises:
        ConfigError: With the problems of all jobs.
    """
    from mmexp.config.override import expand

    combinations = expand(overrides)
    common = set.intersection(*map(set, combinations))
    jobs, problems = [], []
    for words in combinations:
        label = " ".join(word for word in words if word not in common) or " ".join(words)
        try:
            jobs.append(Job(label, compose(words), [*prefix, *words]))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return jobs


def run_sweep(jobs: Sequence[Job], *, workers: int = 1, time_limit: float = 0.0, fail_fast: bool = False) -> int:
    """Run the jobs, show how they fare, and return the exit code.

    Raises:
        Stopped: If it was asked to stop.
    """

    def tell(job: Job) -> None:
        place = f"[{list(jobs).index(job) + 1}/{len(jobs)}]"
        cells = [place, job.label, job.status, _score(job), _time(job), job.reason]
        print(printable("  ".join(filter(None, cells))), flush=True)

    sweep = Sweep(jobs, workers=workers, time_limit=time_limit, fail_fast=fail_fast, tell=tell)
    print(f"{len(jobs)} jobs, {workers} at a time", flush=True)
    try:
        sweep.run()
    finally:
        _show(jobs)
    return int(sweep.failed)


def run_baselines(
    folders: Sequence[RunFolder], train: Callable[[Sequence[Job]], int] = run_sweep
) -> tuple[int, list[RunRow]]:
    """Train the baselines of finished runs, each once, and only those that have not been trained on the same data.

    Returns:
        The exit code, and the runs that are their baselines.

    Raises:
        ConfigError: If the config of a run can't be composed again.
        Stopped: If it was asked to stop.
    """
    jobs = [job for folder in folders for job in baselines(folder)]
    data = {row(folder).fingerprint for folder in folders}

    def trained() -> list[RunRow]:
        return fitting(jobs, [one for one in neighbours(folders) if one.fingerprint in data])

    todo = missing(jobs, trained())
    failed = train(todo) if todo else 0
    return failed, [one for one in results(distinct(jobs), trained()) if one]


def _show(jobs: Sequence[Job]) -> None:
    print_table(["job", "status", "score", "time>", "run!", "reason"], map(_cells, jobs))
    for job in jobs:
        if job.folder and job.reason:
            print(printable(f"{job.label}: see {shown(job.folder.log)}"))


def _cells(job: Job) -> list[str]:
    run = job.folder.id if job.folder else ""
    return [job.label, job.status, _score(job), _time(job), run, job.reason]


def _score(job: Job) -> str:
    known = row(job.folder) if job.folder and job.status == "done" else None
    return f"{known.monitor} {number(known.metrics.get(known.monitor))}" if known else ""


def _time(job: Job) -> str:
    return duration(round(job.worker.seconds)) if job.worker and job.worker.end else ""
