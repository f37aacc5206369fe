"""``mmexp baselines``: train what a fusion must beat, then say whether it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.analysis.compare import Ranking
    from mmexp.analysis.verdict import Gate
    from mmexp.run.summary import RunRow

HELP = "Train what a run must beat: each input alone, blank and shuffled inputs."
USAGE = """
mmexp baselines RUN [RUN ...] [--workers N] [--strict] [--json] [--outputs FOLDER]

  RUN               folders, run ids, their beginnings or 'last'; runs that differ in their seed are judged together
  --workers N       jobs at once; default: 1
  --strict          exit with 3 if a fusion does not beat its best single input
  --json            the verdicts as JSON
  --outputs FOLDER  folder of all runs; default: outputs

Same config, budget and seed as the run. What has been trained before is not trained again.
"""


def run(argv: list[str]) -> int:
    """Train what is missing and print the verdicts; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.folder import collect
    from mmexp.run.summary import DONE, row

    arguments = Arguments("baselines")
    arguments.add_argument("refs", nargs="+")
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--strict", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    if given.workers < 1:
        raise ConfigError(f"mmexp baselines: --workers must be at least 1, got {given.workers}.")
    found = [row(folder) for folder in collect(given.refs, given.outputs)]
    fused = [one for one in found if one.status == DONE and one.is_fusion]
    if not fused:
        rule = "RUN must be done, and fuse several inputs that are no control"
        raise ConfigError(f"mmexp baselines: {rule}, got none in {' '.join(given.refs)}.")
    return _complete(fused, given.workers, given.json, given.strict)


def _complete(fused: Sequence[RunRow], workers: int, as_json: bool, strict: bool) -> int:
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import Gate
    from mmexp.cli._gate import exit_code, neighbours, show_verdicts
    from mmexp.cli._sweep import run_baselines, run_sweep

    folders = [one.folder for one in fused]
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        failed, trained = run_baselines(folders, partial(run_sweep, workers=workers))
    gate = Gate(neighbours(folders))
    if as_json:
        _print_json(compare(fused), gate)
    else:
        _print_table(compare([*fused, *trained]))
        show_verdicts(compare(fused), gate)
    verdicts = [verdict for ranking in compare(fused) for verdict in gate.verdicts(ranking)]
    return failed or (exit_code(verdicts) if strict else 0)


def _print_table(rankings: Sequence[Ranking]) -> None:
    from mmexp.cli._gate import what
    from mmexp.cli._ranking import score
    from mmexp.cli._text import print_table

    for ranking in rankings:
        cells = [[what(one), score(one.score(ranking.metric)), len(one.runs)] for one in ranking.groups]
        print_table(["what", f"{ranking.metric}>", "runs>"], cells)


def _print_json(rankings: Sequence[Ranking], gate: Gate) -> None:
    from mmexp.run.jsonfile import dumps

    pairs = [pair for one in rankings for pair in zip(one.groups, gate.verdicts(one), strict=True)]
    print(dumps([{**group.plain(), "verdict": verdict and verdict.plain()} for group, verdict in pairs]), end="")
