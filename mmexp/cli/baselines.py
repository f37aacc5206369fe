"""``mmexp baselines``: train the baselines of a fusion, then say whether it beats them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.analysis.compare import Ranking
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.launcher.base import Launcher
    from mmexp.run.summary import RunRow

HELP = "Train the baselines of a run: each input alone, blank and shuffled inputs."
USAGE = """
mmexp baselines RUN [RUN ...] [launcher=OPTION] [--workers N] [--strict] [--json] [--outputs FOLDER]

  RUN               folders, run ids, their beginnings or 'last'; runs that differ only in their seed are one group
  launcher=OPTION   where the jobs run; default: local. Also launcher.key=value
  --workers N       jobs at once; default: 1. The same as launcher.workers=N
  --strict          exit with 3 if a fusion does not beat its best single input
  --json            the verdicts as JSON
  --outputs FOLDER  folder of all runs; default: outputs

Same config, budget and seed as the run. What has been trained before is not trained again.
"""


def run(argv: list[str]) -> int:
    """Train what is missing and print the verdicts; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.config.schema import SWEEP
    from mmexp.run.collect import collect
    from mmexp.run.summary import DONE, row
    from mmexp.study.sweep import make_launcher, separate

    arguments = Arguments("baselines")
    arguments.add_argument("refs", nargs="+")
    arguments.add_argument("--workers", type=int)
    arguments.add_argument("--strict", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    refs, chosen = separate(given.refs, (*SWEEP, "plugins"))
    if given.workers is not None:
        chosen.append(f"launcher.workers={given.workers}")
    launcher = make_launcher(chosen)
    found = [row(folder) for folder in collect(refs, given.outputs)]
    fused = [one for one in found if one.status == DONE and one.is_fusion]
    if not fused:
        rule = "RUN must be done, and fuse several inputs that are no control"
        raise ConfigError(f"mmexp baselines: {rule}, got none in {' '.join(refs)}.")
    return _complete(fused, launcher, given.json, given.strict)


def _complete(fused: Sequence[RunRow], launcher: Launcher, as_json: bool, strict: bool) -> int:
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.cli._sweep import run_baselines
    from mmexp.cli._verdict import exit_code, show_verdicts
    from mmexp.run.summary import neighbours

    folders = [one.folder for one in fused]
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        failed, trained = run_baselines(folders, launcher)
    comparison = BaselineComparison(neighbours(folders))
    if as_json:
        _print_json(compare(fused), comparison)
    else:
        _print_table(compare([*fused, *trained]))
        show_verdicts(compare(fused), comparison)
    verdicts = [verdict for ranking in compare(fused) for verdict in comparison.verdicts(ranking)]
    return failed or (exit_code(verdicts) if strict else 0)


def _print_table(rankings: Sequence[Ranking]) -> None:
    from mmexp.analysis.cell import score
    from mmexp.cli._table import print_table
    from mmexp.cli._verdict import what

    for ranking in rankings:
        cells = [[what(one), score(one.score(ranking.metric)), len(one.runs)] for one in ranking.groups]
        print_table(["what", f"{ranking.metric}>", "runs>"], cells)


def _print_json(rankings: Sequence[Ranking], comparison: BaselineComparison) -> None:
    from mmexp.run.jsonfile import dumps

    pairs = [pair for one in rankings for pair in zip(one.groups, comparison.verdicts(one), strict=True)]
    print(dumps([{**group.plain(), "verdict": verdict and verdict.plain()} for group, verdict in pairs]), end="")
