"""A ranking on the screen: a row for each way, whether it is worth more than one input, and how sure the order is."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.compare import Ranking, Score
from mmexp.analysis.verdict import Verdict
from mmexp.cli._text import console, count, duration, number, print_table, printable

_OTHERS = 3  # columns of further test metrics at most
_GAP = 3  # spaces between columns
Columns = dict[str, list[str]]


def show_ranking(ranking: Ranking, verdicts: Sequence[Verdict | None]) -> None:
    """Print the table and what its order is worth.

    Args:
        ranking: Groups, best first.
        verdicts: One per group.
    """
    task, dataset, fingerprint = ranking.place
    data = f", data {fingerprint[:8]}" if fingerprint else ""
    wish = "more" if ranking.mode == "max" else "less"
    print(printable(f"{task} on {dataset}{data}: best first by {ranking.metric} ({wish} is better)"))
    columns = _columns(ranking, verdicts)
    print_table(list(columns), zip(*columns.values(), strict=True))
    for note in _notes(ranking):
        print(f"{note}\n")


def differing(one: Ranking, other: Ranking) -> str:
    """Why two rankings are two: task, dataset or data."""
    names = ("task", "dataset", "data")
    return next(name for name, a, b in zip(names, one.place, other.place, strict=True) if a != b)


def score(one: Score) -> str:
    """Mean and spread of a metric."""
    return number(one.mean) if one.std is None else f"{number(one.mean)} ± {number(one.std)}"


def cell(value: object) -> str:
    """A config value in a table."""
    if value is None:
        return "-"
    return "+".join(map(str, value)) if isinstance(value, list) else str(value)


def _columns(ranking: Ranking, verdicts: Sequence[Verdict | None]) -> Columns:
    """Cells by heading: what differs, the metric, the verdict, further test metrics and the cost if there is room."""
    groups = ranking.groups
    columns = {f"{key}!": [cell(group.config.get(key)) for group in groups] for key in ranking.columns}
    columns["n>"] = [str(len(group.runs)) for group in groups]
    columns[f"{ranking.metric}>"] = [score(group.score(ranking.metric)) for group in groups]
    cost = {
        "weights>": [count(group.average("parameters")) for group in groups],
        "train>": [duration(group.average("seconds")) for group in groups],
    }
    if any(verdicts):
        columns, cost = _with_verdicts(columns, cost, verdicts)
    tests = [key for group in groups for key in group.metrics if key.startswith("test/") and key != ranking.metric]
    for key in list(dict.fromkeys(tests))[:_OTHERS]:
        wider = {**columns, f"{key}>": [score(group.score(key)) for group in groups]}
        if _fits(wider, cost):
            columns = wider
    return {**columns, **cost}


def _with_verdicts(columns: Columns, cost: Columns, verdicts: Sequence[Verdict | None]) -> tuple[Columns, Columns]:
    """Make room for the verdicts: without the cost, then without their intervals, then by breaking what differs."""
    for sure, price in ((True, cost), (True, Columns()), (False, cost), (False, Columns())):
        wider = {**columns, "verdict!": [_worth(one, sure) for one in verdicts]}
        if _fits(wider, price):
            return wider, price
    return {key if key == "verdict!" else key.rstrip("!"): cells for key, cells in wider.items()}, {}


def _fits(*parts: Columns) -> bool:
    columns = [(key.rstrip("!>"), cells) for part in parts for key, cells in part.items()]
    return sum(max(map(len, [key, *cells])) + _GAP for key, cells in columns) <= console().width


def _worth(verdict: Verdict | None, sure: bool) -> str:
    """A verdict in a table, with or without its interval."""
    if verdict is None:
        return "-"
    if verdict.margin is None:
        return "no baselines"
    if verdict.outcome == "at_chance":
        return "at chance"
    amount = f"{verdict.margin.mean:+.3f}" + (f" {verdict.interval or '[?]'}" if sure else "")
    if verdict.is_better:
        return f"{amount} over {verdict.baseline}"
    return f"{'<' if verdict.margin.is_lost else '='} {verdict.baseline}: {amount}"


def _notes(ranking: Ranking) -> list[str]:
    """How far the order can be trusted."""
    if len(ranking.groups) < 2:
        return []
    names = [f"'{cell(group.config.get(ranking.columns[0]))}'" for group in ranking.groups[:2]]
    notes = [_lead(ranking, *(names if len(ranking.columns) == 1 else ("The first row", "the second")))]
    if len({frozenset(group.paired(ranking.metric)) for group in ranking.groups}) > 1:
        notes.append("Not all rows have the same seeds, so their order is less certain than it looks.")
    return notes


def _lead(ranking: Ranking, best: str, second: str) -> str:
    lead = ranking.lead
    if lead is None:
        return f"{best} is ahead of {second}, but 3 shared seeds are needed to tell that from chance variation."
    sure = f"{number(lead.mean)} [{number(lead.low)}, {number(lead.high)}] (95 %, {lead.pairs} pairs of runs)"
    if lead.is_noise:
        return f"{best} and {second} are within seed noise: difference {sure}."
    return f"{best} is better than {second} by {sure}."
