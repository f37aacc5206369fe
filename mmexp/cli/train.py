"""``mmexp train``: train one experiment, or many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.config import Config
    from mmexp.sweep import Job

HELP = "Train an experiment, a sweep of them, or go on with one."
USAGE = """
mmexp train [group=option ...] [key=value ...]
mmexp train -m key=a,b,c [...] [--workers N] [--time-limit SECONDS] [--fail-fast]
mmexp train resume=RUN
mmexp train --config FILE [key=value ...]

  group=option      choose a part, for instance task=captioning fusion=attention; mmexp list shows them
  key=value         set a value, for instance learning.epochs=5 seed=1
  -m                run every combination of values such as fusion=concat,gated seed=0,1,2, one process each
  --workers N       jobs at once; default: 1
  --time-limit S    end a job that takes longer than S seconds
  --fail-fast       start no further job once one has failed
  resume=RUN        go on with a run that was stopped or killed: its path, its id, the beginning of it, or 'last'
  --config FILE     start from the config.yaml of a run
"""


def run(argv: list[str]) -> int:
    """Train; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("train")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("-m", "--multirun", action="store_true")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--time-limit", type=float, default=0.0)
    arguments.add_argument("--fail-fast", action="store_true")
    arguments.add_argument("--config", default="")
    arguments.add_argument("--join", default="")
    arguments.add_argument("--plugins", default="")
    given = arguments.read(argv)
    if given.join:
        return _join(given.join, [name for name in given.plugins.split(",") if name])
    command = ["mmexp", "train", *argv]
    if given.multirun:
        from mmexp.override import expand

        jobs = [(words, _compose(words, given.config)) for words in expand(given.overrides)]
        return _sweep(jobs, command, given.workers, given.time_limit, given.fail_fast)
    return _train(_compose(given.overrides, given.config), command)


def _compose(words: Sequence[str], path: str) -> Config:
    from mmexp.config import compose, load_config

    if not path:
        return compose(words)
    plugins = [word for word in words if word.startswith("plugins=")]
    return load_config(path, words, compose(plugins).plugins if plugins else ())


def _train(config: Config, command: Sequence[str]) -> int:
    from rich.console import Console

    from mmexp.cli._verdict import show_verdict
    from mmexp.conduct import conduct

    console = Console()
    folder = conduct(config, command, console)
    show_verdict(folder, console)
    return 0


def _join(path: str, plugins: Sequence[str]) -> int:
    from pathlib import Path

    from rich.console import Console

    from mmexp.conduct import join
    from mmexp.run.folder import RunFolder

    join(RunFolder(Path(path)), plugins, Console())
    return 0


def _sweep(
    jobs: Sequence[tuple[list[str], Config]], command: Sequence[str], workers: int, time_limit: float, fail_fast: bool
) -> int:
    from mmexp.sweep import Job, Sweep

    sweep = Sweep(
        [Job(words, config) for words, config in jobs],
        command,
        workers=workers,
        time_limit=time_limit,
        fail_fast=fail_fast,
        tell=_tell,
    )
    try:
        sweep.run()
    finally:
        _show_jobs(sweep.jobs)
    return int(sweep.failed)


def _tell(job: Job) -> None:
    print(f"{' '.join(job.overrides)}: {job.status}{f', {job.reason}' if job.reason else ''}", flush=True)


def _show_jobs(jobs: Sequence[Job]) -> None:
    from pathlib import Path

    from mmexp.cli._text import duration, number, print_table
    from mmexp.run.folder import RunFolder
    from mmexp.run.summary import row

    lines = []
    for job in jobs:
        known = row(RunFolder(Path(job.folder))) if job.folder and Path(job.folder).exists() else None
        score = f"{known.monitor} {number(known.metrics.get(known.monitor))}" if known and known.monitor else ""
        run = Path(job.folder).name if job.folder else ""
        lines.append([" ".join(job.overrides), job.status, score, duration(job.seconds), run, job.reason])
    print_table(["job", "status", "score", "time>", "run!", "reason"], lines)
