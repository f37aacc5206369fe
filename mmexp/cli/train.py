"""``mmexp train``: train one experiment, or many."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.run.folder import RunFolder
    from mmexp.runner.sweep import Job

HELP = "Train an experiment, a sweep of them, or go on with one."
USAGE = """
mmexp train [group=option ...] [key=value ...]
mmexp train -m key=a,b,c [...] [--workers N] [--time-limit SECONDS] [--fail-fast]
mmexp train resume=RUN
mmexp train --config FILE [key=value ...]
mmexp train [...] [baselines=true] [--strict]

  group=option      choose a part, for instance task=captioning fusion=attention; mmexp list shows them
  key=value         set a value, for instance training.epochs=5 seed=1
  -m                run every combination of values such as fusion=concat,gated seed=0,1,2, one process each
  --workers N       jobs at once; default: 1
  --time-limit S    stop a job that takes longer than S seconds
  --fail-fast       start no further job once one has failed
  resume=RUN        go on with a run that was stopped or killed: its path, its id, the beginning of it, or 'last'
  pretrained=RUN    start from the encoders, the fusion and the tokenizer of another run, as far as they are used again
  --config FILE     start from the config.yaml of a run
  baselines=true    train behind each run what it must beat: each input alone, blank and shuffled inputs
  --strict          exit with 3 if a fusion does not beat its best single input
"""


def run(argv: list[str]) -> int:
    """Train; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("train")
    arguments.add_argument("overrides", nargs="*")
    arguments.add_argument("-m", "--multirun", action="store_true")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--time-limit", type=float)
    arguments.add_argument("--fail-fast", action="store_true")
    arguments.add_argument("--config", default="")
    arguments.add_argument("--strict", action="store_true")
    given = arguments.read(argv)
    if given.multirun:
        return _sweep(given)
    if given.workers is not None or given.time_limit is not None or given.fail_fast:
        arguments.error("--workers, --time-limit or --fail-fast without -m")
    return _train(given, ["mmexp", "train", *argv])


def _train(given: Namespace, command: Sequence[str]) -> int:
    print("loading libraries", flush=True)  # before anything slow is imported
    from rich.console import Console

    from mmexp.training.phase import phase

    console = Console()
    with phase(console, "reading the config"):
        from mmexp.cli._gate import exit_code
        from mmexp.cli._sweep import run_baselines
        from mmexp.cli._verdict import show_verdict
        from mmexp.config.compose import read_config
        from mmexp.runner.run import run_training

        config = read_config(given.overrides, given.config)
    folder = run_training(config, command, console)
    failed = run_baselines([folder])[0] if config.node.baselines else 0
    verdict = show_verdict(folder, console)
    return failed or (exit_code([verdict]) if given.strict else 0)


def _sweep(given: Namespace) -> int:
    from mmexp.cli._sweep import read_jobs, run_baselines, run_sweep
    from mmexp.config.compose import read_config

    workers = 1 if given.workers is None else given.workers
    if workers < 1:
        raise ConfigError(f"mmexp train: --workers must be at least 1, got {workers}.")
    if given.time_limit is not None and given.time_limit <= 0:
        raise ConfigError(f"mmexp train: --time-limit must be above 0 s, got {given.time_limit:g}.")
    prefix = ["mmexp", "train", *(["--config", given.config] if given.config else [])]
    jobs = read_jobs(given.overrides, prefix, lambda words: read_config(words, given.config))
    train = partial(run_sweep, workers=workers, time_limit=given.time_limit or 0.0, fail_fast=given.fail_fast)
    failed = train(jobs)
    if not (failed and given.fail_fast):
        asked = [job for job in jobs if job.config.node.baselines]
        failed |= run_baselines(_done(asked), train)[0]
    return failed or _say(_done(jobs), given.strict)


def _done(jobs: Sequence[Job]) -> list[RunFolder]:
    """Folders of the jobs that are done."""
    return [job.folder for job in jobs if job.status == "done" and job.folder]


def _say(folders: Sequence[RunFolder], strict: bool) -> int:
    """Say of each way that was trained whether it beats its best single input."""
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import Gate
    from mmexp.cli._gate import exit_code, neighbours, show_verdicts
    from mmexp.run.summary import row

    verdicts = show_verdicts(compare([row(folder) for folder in folders]), Gate(neighbours(folders)))
    return exit_code(verdicts) if strict else 0
