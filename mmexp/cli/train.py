"""``mmexp train``: train one experiment, or many."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmexp.run.folder import RunFolder
    from mmexp.runner.jobs import Job

HELP = "Train an experiment, a sweep of them, or resume one."
USAGE = """
mmexp train [group=option ...] [key=value ...]
mmexp train -m key=a,b,c [...] [--workers N] [--time-limit SECONDS] [--fail-fast]
mmexp train folds=groups|N [...]
mmexp train resume=RUN
mmexp train --config FILE [key=value ...]
mmexp train [...] [baselines=true] [--strict]

  group=option      choose a part, for instance task=captioning fusion=attention; mmexp list shows them
  key=value         set a value, for instance training.epochs=5 seed=1
  -m                run every combination of values such as fusion=concat,gated seed=0,1,2, one process each
  folds=groups      test each group of dataset.group_by in turn, one run each; folds=5 draws 5 parts of whole groups
  --workers N       jobs at once; default: 1. The same as launcher.workers=N
  --time-limit S    stop a job that takes longer than S seconds. The same as launcher.time_limit=S
  --fail-fast       start no further job once one has failed. The same as launcher.fail_fast=true
  launcher=OPTION   where the jobs of -m, and of baselines=true, run; default: local
  search=OPTION     which jobs -m has; default: grid, every combination
  resume=RUN        resume a run that was stopped or killed: its path, its id, the beginning of it, or 'last'
  pretrained=RUN    start from the encoders, the fusion and the tokenizer of another run, as far as they are used again
  --config FILE     start from the config.yaml of a run
  baselines=true    train after each run its baselines: each input alone, blank and shuffled inputs
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
    if given.multirun or any(word.startswith("folds=") for word in given.overrides):
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
        from mmexp.cli._result import show_result
        from mmexp.cli._sweep import run_baselines
        from mmexp.cli._verdict import exit_code
        from mmexp.runner.run import run_training
        from mmexp.study.baselines import read_run

        config, launcher = read_run(given.overrides, given.config)
    folder = run_training(config, command, console)
    failed = run_baselines([folder], launcher)[0] if launcher else 0
    verdict = show_result(folder, console)
    return failed or (exit_code([verdict]) if given.strict else 0)


def _sweep(given: Namespace) -> int:
    print("loading libraries", flush=True)
    from rich.console import Console

    from mmexp.cli._sweep import run_baselines, run_jobs
    from mmexp.config.compose import read_config
    from mmexp.runner.jobs import has_failed
    from mmexp.study.folds import with_folds
    from mmexp.study.sweep import make_launcher, make_search, read_jobs, separate, sweep
    from mmexp.training.phase import phase

    words, _ = separate(given.overrides)
    words = with_folds(words, given.config)
    chosen = [*given.overrides, *_limits(given)]
    launcher, search = make_launcher(chosen), make_search(chosen, words)
    prefix = ["mmexp", "train", *(["--config", given.config] if given.config else [])]

    def read(proposals: list[list[str]]) -> list[Job]:
        with phase(Console(), f"reading the configs of {len(proposals)} jobs"):
            return read_jobs(proposals, prefix, lambda overrides: read_config(overrides, given.config))

    jobs = sweep(search, launcher, read, partial(run_jobs, launcher))
    failed = int(has_failed(jobs))
    if not (failed and launcher.fail_fast):
        wanted = [job for job in jobs if job.config.node.baselines]
        failed |= run_baselines(_done(wanted), launcher)[0]
    return failed or _print_verdicts(_done(jobs), given.strict)


def _limits(given: Namespace) -> list[str]:
    """The options of ``-m`` as overrides of the launcher."""
    limits = {"workers": given.workers, "time_limit": given.time_limit, "fail_fast": given.fail_fast or None}
    return [f"launcher.{key}={value}" for key, value in limits.items() if value is not None]


def _done(jobs: Sequence[Job]) -> list[RunFolder]:
    """Folders of the jobs that are done."""
    return [job.folder for job in jobs if job.status == "done" and job.folder]


def _print_verdicts(folders: Sequence[RunFolder], strict: bool) -> int:
    """Print of each way that was trained whether it beats its best single input."""
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.cli._verdict import exit_code, show_verdicts
    from mmexp.run.summary import neighbours, row

    comparison = BaselineComparison(neighbours(folders))
    verdicts = show_verdicts(compare([row(folder) for folder in folders]), comparison)
    return exit_code(verdicts) if strict else 0
