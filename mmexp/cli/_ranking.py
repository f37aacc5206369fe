"""A ranking on the screen: a row for each way, whether it beats its best input, and how certain the order is."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.claim import claim
from mmexp.analysis.compare import Group, Ranking, Score
from mmexp.analysis.holm import SOURCE as HOLM
from mmexp.analysis.power import need
from mmexp.analysis.verdict import Verdict
from mmexp.cli._table import fits, print_table
from mmexp.cli._text import console, count, duration, number, printable

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
    for note in [*_notes(ranking), claim(ranking, verdicts), _footer(verdicts)]:
        if note:
            print(printable(f"{note}\n"))


def differing(one: Ranking, other: Ranking) -> str:
    """Return why two rankings are two: task, dataset, data or tokenize."""
    names = ("task", "dataset", "data", "tokenize")
    return next(name for name, a, b in zip(names, one.benchmark, other.benchmark, strict=True) if a != b)


def score(one: Score) -> str:
    """Format mean and spread of a metric."""
    return number(one.mean) if one.std is None else f"{number(one.mean)} ± {number(one.std)}"


def cell(value: object) -> str:
    """Format a config value for a table."""
    if value is None:
        return "-"
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def _needed(ranking: Ranking, verdicts: Sequence[Verdict | None], wide: bool) -> Columns:
    """Cells by heading: what differs, the metric and the verdict, with its interval if there is room."""
    groups = ranking.groups
    columns = {key: [cell(group.config.get(key)) for group in groups] for key in ranking.columns}
    columns["n>"] = [_number(group) for group in groups]
    columns[f"{ranking.metric}>"] = [score(group.score(ranking.metric)) for group in groups]
    if not any(verdicts):
        return columns
    certain = {**columns, "verdict!": [_worth(one, True) for one in verdicts]}
    if wide or fits(list(certain), list(zip(*certain.values(), strict=True)), console().width):
        return certain
    return {**columns, "verdict!": [_worth(one, False) for one in verdicts]}


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


def _worth(verdict: Verdict | None, interval: bool) -> str:
    """Format a verdict for a table, with or without its interval."""
    if verdict is None:
        return "-"
    if verdict.margin is None:
        return "no baselines"
    if verdict.outcome == "at_chance":
        return "at chance"
    amount = f"{verdict.margin.mean:+.3f}" + (f" {verdict.interval or '[?]'}" if interval else "")
    if verdict.is_better:
        return f"{amount} over {verdict.baseline}"
    if verdict.margin.low is not None and verdict.margin.is_won:
        return f"= {verdict.baseline}: {amount} (Holm p {verdict.adjusted:.2g})"
    return f"{'<' if verdict.margin.is_lost else '='} {verdict.baseline}: {amount}"


def _notes(ranking: Ranking) -> list[str]:
    """Say how far the order can be trusted."""
    if len(ranking.groups) < 2:
        return []
    names = [f"'{cell(group.config.get(ranking.columns[0]))}'" for group in ranking.groups[:2]]
    notes = [_lead(ranking, *(names if len(ranking.columns) == 1 else ("The first row", "the second")))]
    if len({frozenset(group.paired(ranking.metric)) for group in ranking.groups}) > 1:
        notes.append("Not all rows have the same seeds and folds, so their order is less certain than it looks.")
    return notes


def _footer(verdicts: Sequence[Verdict | None]) -> str:
    """Name the tests behind the verdicts, with their sources."""
    known = [one for one in verdicts if one and one.margin and one.margin.method]
    methods = list(dict.fromkeys(one.margin.method for one in known if one.margin))
    if any(one.compared > 1 for one in known):
        methods.append(f"false alarms over all fusions kept at 5 % by {HOLM}")
    return f"Verdicts: {'; '.join(methods)}." if methods else ""


def _lead(ranking: Ranking, best: str, second: str) -> str:
    lead = ranking.lead
    if lead is None:
        means = {score.mean for group in ranking.groups[:2] if (score := group.score(ranking.metric))}
        standing = "has the same mean as" if len(means) == 1 else "is ahead of"
        return f"{best} {standing} {second}, but 3 shared seeds are needed to rule out chance variation."
    sure = f"{number(lead.mean)} [{number(lead.low)}, {number(lead.high)}] (95 %, {lead.pairs} {lead.over})"
    if lead.is_noise:
        more = f"; {need(lead)}" if need(lead) else ""
        return f"{best} and {second} are within {lead.over.removesuffix('s')} noise: difference {sure}{more}."
    return f"{best} is better than {second} by {sure}."
