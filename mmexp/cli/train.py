"""``mmexp train``: train one experiment, or many."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.config import Config

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
  --time-limit S    stop a job that takes longer than S seconds
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
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--time-limit", type=float)
    arguments.add_argument("--fail-fast", action="store_true")
    arguments.add_argument("--config", default="")
    given = arguments.read(argv)
    if given.multirun:
        return _sweep(given)
    if given.workers is not None or given.time_limit is not None or given.fail_fast:
        arguments.error("--workers, --time-limit or --fail-fast without -m")
    return _train(_compose(given.overrides, given.config), ["mmexp", "train", *argv])


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


def _sweep(given: Namespace) -> int:
    from mmexp.cli._sweep import read_jobs, run_sweep

    workers = 1 if given.workers is None else given.workers
    if workers < 1:
        raise ConfigError(f"mmexp train: --workers must be at least 1, got {workers}.")
    if given.time_limit is not None and given.time_limit <= 0:
        raise ConfigError(f"mmexp train: --time-limit must be above 0 s, got {given.time_limit:g}.")
    prefix = ["mmexp", "train", *(["--config", given.config] if given.config else [])]
    jobs = read_jobs(given.overrides, prefix, lambda words: _compose(words, given.config))
    return run_sweep(jobs, workers=workers, time_limit=given.time_limit or 0.0, fail_fast=given.fail_fast)
