"""``mmexp compare``: which way works best, over seeds, with what is left open."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.analysis.compare import Ranking
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.run.summary import RunRow

HELP = "Rank finished runs, mean and spread over seeds, each compared with its best single input."
USAGE = """
mmexp compare [RUN ...] [--metric KEY] [--by KEY,...] [--pairs] [--rope WIDTH] [--ranks]
              [--wide] [--strict] [--json] [--outputs FOLDER]

  RUN               folders, sweeps, run ids, their beginnings or 'last'; all runs if none is given
  --metric KEY      rank by this, for instance test/accuracy; default: what the runs monitored, on the test split
  --by KEY,...      group by these config keys, for instance fusion; default: everything but seed and fold
  --pairs           compare each two rows; p values count all pairs
  --rope WIDTH      differences up to WIDTH do not matter: how probable it is that a fusion is better, as good or worse
  --ranks           average ranks of fusions over several data sets
  --wide            all columns, however wide the table gets
  --strict          exit with 3 if a fusion does not beat its best single input
  --json            the same groups as JSON
  --outputs FOLDER  folder of all runs; default: outputs

The verdict says by how much a fusion is better than the best single input ('+0.012 [0.003, 0.021] over image'), that it
is not ('= image', or '< image' if it is worse), that it is at chance, or that it has no baselines: mmexp baselines RUN.
Intervals are over groups (speakers, patients ...) where the data names them, else over folds, seeds or samples.
"""


def run(argv: list[str]) -> int:
    """Print the comparison; see ``USAGE``."""
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.cli._arguments import Arguments
    from mmexp.cli._verdict import exit_code
    from mmexp.run.collect import collect
    from mmexp.run.command import first_run
    from mmexp.run.folder import runs
    from mmexp.run.summary import BROKEN, DONE, neighbours, read_rows

    arguments = Arguments("compare")
    arguments.add_argument("refs", nargs="*")
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--by", default="")
    arguments.add_argument("--pairs", action="store_true")
    arguments.add_argument("--rope", type=float)
    arguments.add_argument("--ranks", action="store_true")
    arguments.add_argument("--wide", action="store_true")
    arguments.add_argument("--strict", action="store_true")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)
    _refuse_negative(given.rope)
    folders = collect(given.refs, given.outputs) if given.refs else runs(given.outputs)
    if not folders:
        raise ConfigError(f"compare: outputs must hold runs, got none in {given.outputs}.", first_run(given.outputs))
    rows = read_rows(folders)
    rankings = compare(rows, [key for key in given.by.split(",") if key], given.metric)
    unfinished = [one for one in rows if one.status not in (DONE, BROKEN)]
    comparison = BaselineComparison(neighbours(folders) if given.refs else rows)
    if given.json:
        _print_json(rankings, comparison, unfinished)
    else:
        _print_rankings(rankings, comparison, given)
        _print_unfinished(unfinished)
        _print_repeated(sum(one.status == DONE for one in rows) - sum(len(g.runs) for r in rankings for g in r.groups))
    for one in rows:
        if one.status == BROKEN:
            print(f"skipped {one.folder.path}: {one.reason}", file=sys.stderr)
    return exit_code([verdict for one in rankings for verdict in comparison.verdicts(one)]) if given.strict else 0


def _refuse_negative(rope: float | None) -> None:
    if rope is not None and not rope >= 0:
        raise ConfigError(f"compare: --rope must be 0 or more, got {rope:g}.")


def _print_json(rankings: Sequence[Ranking], comparison: BaselineComparison, unfinished: Sequence[RunRow]) -> None:
    from mmexp.analysis.compare import group
    from mmexp.run.jsonfile import dumps

    pairs = [pair for one in rankings for pair in zip(one.groups, comparison.verdicts(one), strict=True)]
    pairs += [(one, None) for row in unfinished for one in group([row])]
    print(dumps([{**one.plain(), "verdict": verdict and verdict.plain()} for one, verdict in pairs]), end="")


def _print_rankings(rankings: Sequence[Ranking], comparison: BaselineComparison, given: Namespace) -> None:
    from mmexp.cli._evidence import show_equivalence, show_pairs, show_ranks
    from mmexp.cli._ranking import differing, show_ranking

    for position, ranking in enumerate(rankings):
        if position:
            print(f"Not comparable with the above: the {differing(rankings[position - 1], ranking)} differs.\n")
        verdicts = comparison.verdicts(ranking)
        show_ranking(ranking, verdicts, given.wide)
        if given.pairs:
            show_pairs(ranking)
        if given.rope is not None:
            show_equivalence(ranking, verdicts, given.rope)
    if given.ranks:
        show_ranks(rankings)


def _print_unfinished(rows: Sequence[RunRow]) -> None:
    from mmexp.cli._table import print_table
    from mmexp.cli.list import print_advice, reason

    if rows:
        print("unfinished")
        print_table(
            ["run!", "name", "status", "why"], [[r.folder.id, r.folder.name, r.status, reason(r)] for r in rows]
        )
        print_advice(rows)


def _print_repeated(number_of_runs: int) -> None:
    if number_of_runs:
        print(f"{number_of_runs} older run(s) with the same config and seed as a newer one left out.")
