"""``mmexp compare``: which way works best, over seeds, with what is left open."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmexp.analysis.format import formats
from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.analysis.compare import Ranking
    from mmexp.analysis.table import Table
    from mmexp.analysis.verdict import Verdict
    from mmexp.run.summary import RunRow

    Shown = Sequence[tuple[Ranking, Sequence[Verdict | None]]]

HELP = "Rank finished runs, mean and spread over seeds, each compared with its best single input."
USAGE = f"""
mmexp compare [RUN ...] [--metric KEY] [--where CONDITION] [--by KEY,...] [--pivot KEY KEY] [--sort COLUMN]
              [--columns COLUMN,...] [--pairs] [--rope WIDTH] [--ranks] [--wide] [--strict] [--md ...]
              [--outputs FOLDER]

  RUN               folders, sweeps, run ids, their beginnings or 'last'; all runs if none is given
  --metric KEY      rank by this, for instance test/accuracy; default: what the runs monitored, on the test split
  --where CONDITION only such rows, for instance 'fusion in [gated, sum] and test/accuracy > .8'; a metric is the mean
                    over seeds and folds; names of columns, numbers, texts, lists, and, or, not, in
  --by KEY,...      group by these config keys, for instance fusion; default: everything but seed and fold
  --pivot KEY KEY   a row for each value of the first config key, a column for each of the second: fusion task
  --sort COLUMN     sort by a column, by -COLUMN from the largest on; default: best first
  --columns COLUMN,...  these columns: config keys, metrics, n, verdict, weights, train, marks, tags, note, runs ...;
                    default: what differs, the metric, the verdict, then all others that fit
  --pairs           compare each two rows; p values count all pairs
  --rope WIDTH      differences up to WIDTH do not matter: how probable it is that a fusion is better, as good or worse
  --ranks           average ranks of fusions over several data sets
  --wide            all columns, however wide the table gets
  --strict          exit with 3 if a fusion does not beat its best single input
  {", ".join(f"--{name}" for name in formats())}
                    write the tables in a format; the best is bold if it is better than all others beyond chance
  --outputs FOLDER  folder of all runs; default: outputs

The verdict says by how much a fusion is better than the best single input ('+0.012 [0.003, 0.021] over image'), that it
is not ('= image', or '< image' if it is worse), that it is not shown above chance ('= blank', '= shuffled'), or that it
has no baselines: mmexp baselines RUN.
Intervals are over groups (speakers, patients ...) where the data names them, else over folds, seeds or samples.
"""


def run(argv: list[str]) -> int:
    """Print the comparison; see ``USAGE``."""
    from mmexp.analysis.compare import compare
    from mmexp.analysis.verdict import BaselineComparison
    from mmexp.analysis.where import unseen, where
    from mmexp.cli._verdict import exit_code
    from mmexp.run.collect import said_of_trials, to_compare
    from mmexp.run.command import first_run, line
    from mmexp.run.summary import BROKEN, DONE, neighbours, read_rows

    given = _read(argv)
    folders, left_out = to_compare(given.refs, given.outputs, with_trials=bool(given.where))
    if not folders:
        raise ConfigError(f"compare: outputs must hold runs, got none in {given.outputs}.", first_run(given.outputs))
    rows = read_rows(folders)
    seen = where(rows, given.where) if given.where else rows
    by = [key for key in given.by.split(",") if key] or given.pivot or []
    rankings = compare(seen, by, given.metric)
    everything = compare(rows, by, given.metric) if given.where else rankings
    comparison = BaselineComparison(neighbours(folders) if given.refs else rows)
    shown = [(one, comparison.verdicts(one, unseen(one, everything))) for one in rankings]
    unfinished = [one for one in seen if one.status not in (DONE, BROKEN)]
    if given.format:
        _print_format(given, line("compare", *argv), shown, unfinished)
    else:
        _print_rankings(shown, given)
        if given.where:
            _print_unseen(rankings, everything)
        if left_out:
            print(f"{said_of_trials(left_out)}: --where 'tuned == null'.")
        _print_unfinished(unfinished)
        _print_repeated(sum(one.status == DONE for one in seen) - sum(len(g.runs) for r in rankings for g in r.groups))
    for one in rows:
        if one.status == BROKEN:
            print(f"skipped {one.folder.path}: {one.reason}", file=sys.stderr)
    return exit_code([verdict for _, verdicts in shown for verdict in verdicts]) if given.strict else 0


def _read(argv: Sequence[str]) -> Namespace:
    """Read the words; ``format`` is the one that is asked for, if any.

    Raises:
        ConfigError: If they are not of the usage.
    """
    from mmexp.cli._arguments import Arguments, joined

    arguments = Arguments("compare")
    arguments.add_argument("refs", nargs="*")
    for name in ("--metric", "--where", "--by", "--sort", "--columns"):
        arguments.add_argument(name, default="")
    arguments.add_argument("--pivot", nargs=2)
    arguments.add_argument("--rope", type=float)
    for name in ("--pairs", "--ranks", "--wide", "--strict"):
        arguments.add_argument(name, action="store_true")
    for name in formats():
        arguments.add_argument(f"--{name}", action="append_const", dest="format", const=name)
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(joined(argv, "--sort"))
    if given.rope is not None and not given.rope >= 0:
        raise ConfigError(f"compare: --rope must be 0 or more, got {given.rope:g}.")
    if len(given.format or ()) > 1:
        raise ConfigError(f"compare: format must be one, got {' and '.join(given.format)}.")
    if given.pivot and (given.by or given.columns or given.sort):
        raise ConfigError("compare: --pivot must stand without --by, --columns and --sort, got one of them.")
    given.format = given.format[0] if given.format else ""
    given.columns = [name for name in given.columns.split(",") if name]
    return given


def _tables(shown: Shown, given: Namespace) -> list[Table]:
    from mmexp.analysis.column import refuse_unknown
    from mmexp.analysis.pivot import pivot
    from mmexp.analysis.table import tabulate

    rankings = [ranking for ranking, _ in shown]
    if given.pivot:
        return pivot(rankings, *given.pivot)
    refuse_unknown("--columns", given.columns, rankings)
    refuse_unknown("--sort", [given.sort.removeprefix("-")] if given.sort else [], rankings)
    return [tabulate(*one, given.columns, given.sort, whole=bool(given.format)) for one in shown]


def _print_format(given: Namespace, command: str, shown: Shown, unfinished: Sequence[RunRow]) -> None:
    from dataclasses import replace

    from mmexp.analysis.format import render

    tables = [*_tables(shown, given), *([_unfinished(unfinished)] if unfinished else [])]
    print(render(given.format, [replace(table, command=command) for table in tables]), end="")


def _print_rankings(shown: Shown, given: Namespace) -> None:
    from mmexp.cli._evidence import show_equivalence, show_pairs, show_ranks
    from mmexp.cli._ranking import differing, show_table

    tables = _tables(shown, given)
    if given.pivot:
        for table in tables:
            show_table(table, given.wide)
        return
    for position, ((ranking, verdicts), table) in enumerate(zip(shown, tables, strict=True)):
        if position:
            print(f"Not comparable with the above: the {differing(shown[position - 1][0], ranking)} differs.\n")
        show_table(table, given.wide)
        if given.pairs:
            show_pairs(ranking)
        if given.rope is not None:
            show_equivalence(ranking, verdicts, given.rope)
    if given.ranks:
        show_ranks([ranking for ranking, _ in shown])


def _print_unseen(rankings: Sequence[Ranking], everything: Sequence[Ranking]) -> None:
    shown, known = (sum(len(one.groups) for one in some) for some in (rankings, everything))
    print(f"{shown} of {known} rows are shown (--where); p values count all on the same data.")


def _unfinished(rows: Sequence[RunRow]) -> Table:
    """Table of runs that are not done."""
    from mmexp.analysis.column import Column
    from mmexp.analysis.compare import group
    from mmexp.analysis.table import Table
    from mmexp.cli._advice import reason

    cells = {
        "run": [row.folder.id for row in rows],
        "name": [row.folder.name for row in rows],
        "status": [row.status for row in rows],
        "why": list(map(reason, rows)),
    }
    columns = (Column(name, tuple(own), tuple(own), is_whole=name == "run") for name, own in cells.items())
    records = [{**one.plain(), "verdict": None} for row in rows for one in group([row])]
    return Table("unfinished", tuple(columns), records=tuple(records))


def _print_unfinished(rows: Sequence[RunRow]) -> None:
    from mmexp.cli._advice import print_advice
    from mmexp.cli._ranking import show_table

    if rows:
        show_table(_unfinished(rows), wide=False)
        print_advice(rows)


def _print_repeated(number_of_runs: int) -> None:
    if number_of_runs:
        print(f"{number_of_runs} older run(s) with the same config and seed as a newer one left out.")
