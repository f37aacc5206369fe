"""A ranking on the screen: a row for each way, whether it beats its best input, and how certain the order is."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.cell import cell, score, worth
from mmexp.analysis.claim import claim
from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.notes import notes, sources
from mmexp.analysis.text import count, duration, printable
from mmexp.analysis.verdict import Verdict
from mmexp.cli._table import fits, print_table
from mmexp.cli._text import console

Columns = dict[str, list[str]]


def show_ranking(ranking: Ranking, verdicts: Sequence[Verdict | None], wide: bool = False) -> None:
    """Print the table and how certain its order is.

    Args:
        ranking: Groups, best first.
        verdicts: One per group.
        wide: Whether to print all columns, however wide that is.
    """
    task, dataset, fingerprint, tokenize = ranking.benchmark
    data = f", data {fingerprint[:8]}" if fingerprint else ""
    data += f", scored in {tokenize}" if tokenize else ""
    better = "more" if ranking.mode == "max" else "less"
    print(printable(f"{task} on {dataset}{data}: best first by {ranking.metric} ({better} is better)"))
    needed, extra = _needed(ranking, verdicts, wide), _extra(ranking)
    columns = {**needed, **extra}
    optional = [key.rstrip("!>") for key in (*reversed(extra), *reversed(needed))]
    optional = [key for key in optional if key not in (ranking.metric, ranking.columns[0], "verdict", "n")]
    rows = zip(*columns.values(), strict=True)
    print_table(list(columns), rows, optional=optional, wide=wide, hint="--wide shows all")
    for note in [*notes(ranking), claim(ranking, verdicts), sources(verdicts)]:
        if note:
            print(printable(f"{note}\n"))


def differing(one: Ranking, other: Ranking) -> str:
    """Return why two rankings are two: task, dataset, data or tokenize."""
    names = ("task", "dataset", "data", "tokenize")
    return next(name for name, a, b in zip(names, one.benchmark, other.benchmark, strict=True) if a != b)


def _needed(ranking: Ranking, verdicts: Sequence[Verdict | None], wide: bool) -> Columns:
    """Cells by heading: what differs, the metric and the verdict, with its interval if there is room."""
    groups = ranking.groups
    columns = {key: [cell(group.config.get(key)) for group in groups] for key in ranking.columns}
    columns["n>"] = [_number(group) for group in groups]
    columns[f"{ranking.metric}>"] = [score(group.score(ranking.metric)) for group in groups]
    if not any(verdicts):
        return columns
    certain = {**columns, "verdict!": [worth(one, True) for one in verdicts]}
    if wide or fits(list(certain), list(zip(*certain.values(), strict=True)), console().width):
        return certain
    return {**columns, "verdict!": [worth(one, False) for one in verdicts]}


def _number(group: Group) -> str:
    """Format how many runs a group has, over how many folds."""
    return f"{len(group.runs)} ({len(group.folds)} folds)" if group.folds else str(len(group.runs))


def _extra(ranking: Ranking) -> Columns:
    """Cells by heading: the cost and the further test metrics."""
    groups = ranking.groups
    columns = {
        "weights>": [count(group.average("parameters")) for group in groups],
        "train>": [duration(group.average("seconds")) for group in groups],
    }
    starts = [", ".join(group.runs[0].pretrained) for group in groups]
    columns |= {"pretrained": [start or "-" for start in starts]} if any(starts) else {}
    spent = [group.epsilon for group in groups]
    columns |= {"epsilon>": ["-" if one is None else f"{one:.3g}" for one in spent]} if any(spent) else {}
    keys = dict.fromkeys(key for group in groups for key in group.metrics if key.startswith("test/"))
    return columns | {f"{k}>": [score(group.score(k)) for group in groups] for k in keys if k != ranking.metric}
