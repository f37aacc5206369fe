"""Notes under a ranking: how far its order can be trusted, and which tests stand behind its verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.cell import cell
from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.holm import SOURCE as HOLM
from mmexp.analysis.power import need
from mmexp.analysis.text import number
from mmexp.analysis.verdict import Verdict
from mmexp.config.schema import role_of


def notes(ranking: Ranking) -> list[str]:
    """Say how far the order can be trusted."""
    if len(ranking.groups) < 2:
        return []
    names = [f"'{cell(group.config.get(ranking.columns[0]))}'" for group in ranking.groups[:2]]
    notes = [_lead(ranking, *(names if len(ranking.columns) == 1 else ("The best row", "the second best")))]
    if len({frozenset(group.paired(ranking.metric)) for group in ranking.groups}) > 1:
        notes.append("Not all rows have the same seeds and folds, so their order is less certain than it looks.")
    return notes


def sources(verdicts: Sequence[Verdict | None]) -> str:
    """Name the tests behind the verdicts, with their sources."""
    known = [one for one in verdicts if one and one.margin and one.margin.method]
    methods = list(dict.fromkeys(one.margin.method for one in known if one.margin))
    if any(one.compared > 1 for one in known):
        methods.append(f"false alarms over all fusions kept at 5 % by {HOLM}")
    return f"Verdicts: {'; '.join(methods)}." if methods else ""


def pooled(groups: Sequence[Group]) -> str:
    """Say in what the runs of one row differ, apart from seed and fold; empty if in nothing."""
    found: dict[str, None] = {}
    for group in groups:
        keys = dict.fromkeys(key for run in group.runs for key in run.config if key not in group.config)
        values = {key: {repr(run.config.get(key)) for run in group.runs} for key in keys}
        found |= {key: None for key, own in values.items() if len(own) > 1 and role_of(key).kind != "repetition"}
    return f"Rows are means over runs that differ in {', '.join(found)}." if found else ""


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
    rows = len(ranking.groups)
    alone = f", as if they were the only two of {rows} rows" if rows > 2 else ""  # the verdicts correct for all of them
    return f"{best} is better than {second} by {sure}{alone}."
