"""``mmexp train``: train one experiment, or many."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

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
  --new             train the jobs of -m anew, also if a sweep of the same jobs was left unfinished
  launcher=OPTION   where the jobs of -m, and of baselines=true, run; default: local
  search=OPTION     which jobs -m has; default: grid, every combination
  fair=COST         with -m: solve dim so that all jobs have as many weights (params), as many operations (flops) or
                    take as long a step (time)
  tune=N            with -m: N trials on val of each fusion and of each input alone, then new seeds of the best
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
    arguments.add_argument("--new", action="store_true")
    arguments.add_argument("--config", default="")
    arguments.add_argument("--strict", action="store_true")
    given = arguments.read(argv)
    if given.multirun or any(word.startswith("folds=") for word in given.overrides):
        return _sweep(given)
    if given.workers is not None or given.time_limit is not None or given.fail_fast or given.new:
        arguments.error("--workers, --time-limit, --fail-fast or --new without -m")
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
        from mmexp.error import ConfigError
        from mmexp.runner.run import run_training
        from mmexp.study.baselines import read_run

        config, launcher = read_run(given.overrides, given.config)
        if "fair" in config.typed:
            raise ConfigError(
                f"command line: fair must be typed with -m, whose jobs it makes cost the same, got {config.node.fair}."
            )
    folder = run_training(config, command, console)
    failed = run_baselines([folder], launcher)[0] if launcher else 0
    verdict = show_result(folder, console)
    return failed or (exit_code([verdict]) if given.strict else 0)


def _sweep(given: Namespace) -> int:
    print("loading libraries", flush=True)
    from rich.console import Console

    from mmexp.cli._sweep import run_sweep
    from mmexp.study.session import begin
    from mmexp.training.phase import phase

    with phase(Console(), "reading the configs of all jobs"):
        session = begin([*given.overrides, *_limits(given)], given.config, again=given.new)
    return run_sweep(session, given.strict)


def _limits(given: Namespace) -> list[str]:
    """The options of ``-m`` as overrides of the launcher."""
    limits = {"workers": given.workers, "time_limit": given.time_limit, "fail_fast": given.fail_fast or None}
    return [f"launcher.{key}={value}" for key, value in limits.items() if value is not None]
