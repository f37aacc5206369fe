"""``mmexp compare``: which way works best, over seeds, with what is left open."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mmexp.error import ConfigError

if TYPE_CHECKING:
    from mmexp.run.compare import Ranking, Score
    from mmexp.run.summary import RunRow

HELP = "Rank finished runs, mean and spread over seeds."
USAGE = """
mmexp compare [RUN ...] [--metric KEY] [--by KEY,...] [--json] [--outputs FOLDER]

  RUN               folders, run ids, their beginnings or 'last'; all runs if none is given
  --metric KEY      rank by this, for instance test/accuracy; default: what the runs monitored, on the test split
  --by KEY,...      group by these config keys, for instance fusion; default: everything but the seed
  --json            the same groups as JSON
  --outputs FOLDER  folder of all runs; default: outputs
"""
_OTHERS = 3  # columns of further test metrics at most
_GAP = 3  # spaces between columns


def run(argv: list[str]) -> int:
    """Print the comparison; see ``USAGE``."""
    from mmexp.cli._arguments import Arguments
    from mmexp.run.compare import compare
    from mmexp.run.folder import collect, runs
    from mmexp.run.summary import BROKEN, DONE, row

    arguments = Arguments("compare")
    arguments.add_argument("refs", nargs="*")
    arguments.add_argument("--metric", default="")
    arguments.add_argument("--by", default="")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--outputs", default="outputs")
    given = arguments.read(argv)

    folders = collect(given.refs, given.outputs) if given.refs else runs(given.outputs)
    if not folders:
        raise ConfigError(f"compare: outputs must hold runs, got none in {given.outputs}.", "Type mmexp train.")
    rows = [row(folder) for folder in folders]
    rankings = compare(rows, [key for key in given.by.split(",") if key], given.metric)
    unfinished = [one for one in rows if one.status not in (DONE, BROKEN)]
    if given.json:
        _print_json(rankings, unfinished)
    else:
        _print_rankings(rankings)
        _print_unfinished(unfinished)
        _print_repeated(sum(one.status == DONE for one in rows) - sum(len(g.runs) for r in rankings for g in r.groups))
    for one in rows:
        if one.status == BROKEN:
            print(f"skipped {one.folder.path}: {one.reason}", file=sys.stderr)
    return 0


def _print_json(rankings: Sequence[Ranking], unfinished: Sequence[RunRow]) -> None:
    from mmexp.run.compare import group
    from mmexp.run.jsonfile import dumps

    groups = [one for ranking in rankings for one in ranking.groups]
    groups += [one for row in unfinished for one in group([row])]
    print(dumps([one.plain() for one in groups]), end="")


def _print_rankings(rankings: Sequence[Ranking]) -> None:
    for position, ranking in enumerate(rankings):
        if position:
            print(f"Not comparable with the above: the {_differing(rankings[position - 1], ranking)} differs.\n")
        _print_ranking(ranking)


def _print_ranking(ranking: Ranking) -> None:
    from mmexp.cli._text import print_table, printable

    task, dataset, fingerprint = ranking.place
    data = f", data {fingerprint[:8]}" if fingerprint else ""
    wish = "more" if ranking.mode == "max" else "less"
    print(printable(f"{task} on {dataset}{data}: best first by {ranking.metric} ({wish} is better)"))
    columns = _columns(ranking)
    print_table(list(columns), zip(*columns.values(), strict=True))
    for note in _notes(ranking):
        print(f"{note}\n")


def _columns(ranking: Ranking) -> dict[str, list[str]]:
    """Cells by heading: what differs, the metric, further test metrics while there is room, the cost."""
    from mmexp.cli._text import console, count, duration

    groups = ranking.groups
    columns = {f"{key}!": [_cell(group.config.get(key)) for group in groups] for key in ranking.columns}
    columns["n>"] = [str(len(group.runs)) for group in groups]
    columns[f"{ranking.metric}>"] = [_score(group.score(ranking.metric)) for group in groups]
    cost = {
        "weights>": [count(group.average("parameters")) for group in groups],
        "train>": [duration(group.average("seconds")) for group in groups],
    }
    tests = [key for group in groups for key in group.metrics if key.startswith("test/") and key != ranking.metric]
    for key in list(dict.fromkeys(tests))[:_OTHERS]:
        wider = columns | {f"{key}>": [_score(group.score(key)) for group in groups]}
        if _width(wider | cost) <= console().width:
            columns = wider
    return columns | cost


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    return sum(max(map(len, [key[:-1], *cells])) + _GAP for key, cells in columns.items())


def _score(score: Score) -> str:
    from mmexp.cli._text import number

    return number(score.mean) if score.std is None else f"{number(score.mean)} ± {number(score.std)}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def _notes(ranking: Ranking) -> list[str]:
    """How far the order can be trusted."""
    if len(ranking.groups) < 2:
        return []
    names = [f"'{_cell(group.config.get(ranking.columns[0]))}'" for group in ranking.groups[:2]]
    notes = [_verdict(ranking, *(names if len(ranking.columns) == 1 else ("The first row", "the second")))]
    if len({frozenset(group.paired(ranking.metric)) for group in ranking.groups}) > 1:
        notes.append("Not all rows have the same seeds, so their order is less certain than it looks.")
    return notes


def _verdict(ranking: Ranking, best: str, second: str) -> str:
    from mmexp.cli._text import number

    lead = ranking.lead
    if lead is None:
        return f"{best} is ahead of {second}, but it takes 3 shared seeds to tell that from luck."
    sure = f"{number(lead.mean)} [{number(lead.low)}, {number(lead.high)}] (95 %, {lead.pairs} pairs of runs)"
    if lead.is_noise:
        return f"{best} and {second} are within seed noise: difference {sure}."
    return f"{best} is better than {second} by {sure}."


def _differing(one: Ranking, other: Ranking) -> str:
    names = ("task", "dataset", "data")
    return next(name for name, a, b in zip(names, one.place, other.place, strict=True) if a != b)


def _print_unfinished(rows: Sequence[RunRow]) -> None:
    from mmexp.cli._text import print_table
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
