"""``mmexp benchmark``: from data and a budget to a sentence."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.study.session import SweepSession

HELP = "Find the way of fusing that works on a data set, within a budget of time."
USAGE = """
mmexp benchmark task=OPTION dataset.root=PATH [--budget 30m] [--fusions all|NAME,...] [key=value ...] [--workers N]
mmexp benchmark SWEEP [launcher.key=value ...] [--workers N]

  task=OPTION       what is predicted, for instance classification
  dataset.root=PATH folder of your table and its files; any other override of mmexp train, for instance experiment=NAME
  --budget TIME     of all jobs: 90s, 30m, 2h; default: 30m
  --fusions LIST    what is compared, with commas; default: all that the config allows
  --workers N       jobs at once; default: one per GPU, or per core. The same as launcher.workers=N
  --config FILE     start from the config.yaml of a run
  --new             begin anew, also if the same benchmark was left unfinished
  --strict          exit with 3 if no fusion beats its best single input
  SWEEP             resume a benchmark that was stopped, or say again how it ended: its path, its id, or 'last'
  --outputs FOLDER  folder of all runs in which SWEEP is looked for; default: outputs

Each fusion and each input alone is tuned with the same budget on val; the worse half of the fusions is left out, then
of the rest; the finalists, each input alone and the controls are trained with new seeds, and compared on test. It is a
sweep: mmexp sweep status|resume|extend|stop and mmexp compare take it.
"""


def run(argv: list[str]) -> int:
    """Train, compare and say what may be claimed; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments

    arguments = Arguments("benchmark")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--budget", default="30m")
    arguments.add_argument("--fusions", default="all")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--config", default="")
    arguments.add_argument("--new", action="store_true")
    arguments.add_argument("--strict", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    if not given.words:
        raise ConfigError("mmexp benchmark: words must name the data, got none.", "Run: mmexp benchmark --help")
    if given.workers is not None:
        given.words.append(f"launcher.workers={given.workers}")
    print("loading libraries", flush=True)
    session = _begun(given) if "=" in given.words[0] else _joined(given)
    return _complete(session, given.strict)


def _begun(given: Namespace) -> SweepSession:
    """Show what the data is and what was guessed, and freeze the sweep."""
    from rich.console import Console

    from mmexp.dataset.base import SPLITS
    from mmexp.runner.columns import show_columns, show_notes
    from mmexp.study.benchmark import plan, seconds_of
    from mmexp.study.session import begin
    from mmexp.training.phase import phase

    budget, console = seconds_of(given.budget), Console()
    with phase(console, "checking data") as progress:
        found = plan(given.words, given.fusions, budget, given.config, progress)
    show_columns(found.dataset.overview(), console)
    sizes = ", ".join(f"{len(found.dataset.split(name))} {name}" for name in SPLITS)
    groups = found.dataset.grouping()
    number = f"; {groups['number']} test groups by {groups['column']}" if "column" in groups else ""
    console.print(f"data: {sizes}{number}", highlight=False, markup=False)
    show_notes([*found.dataset.notes, *found.notes], console)
    with phase(console, "reading the configs of the first jobs"):
        return begin(found.words, given.config, again=given.new)


def _joined(given: Namespace) -> SweepSession:
    """Join a benchmark that is there."""
    from mmexp.run.sweep import find_sweep
    from mmexp.study.session import resume

    return resume(find_sweep(given.words[0], given.outputs), given.words[1:])


def _complete(session: SweepSession, strict: bool) -> int:
    """Train what is left, and say how it ended."""
    from mmexp.cli._benchmark import show_benchmark
    from mmexp.cli._sweep import run_session
    from mmexp.runner.jobs import has_failed

    jobs = run_session(session)
    return show_benchmark(session.folder, session.launcher.workers, strict) or int(has_failed(jobs))
