"""What may be claimed of a ranking, and of whom, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from mmexp.analysis.cell import cell
from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.holm import holm
from mmexp.analysis.statistics import FEWEST
from mmexp.analysis.verdict import LEVEL, Verdict
from mmexp.run.command import setting
from mmexp.run.summary import RunRow

_FEW_GROUPS = 6  # with fewer, an interval over groups stands on little
_NAMED = 4


def claim(ranking: Ranking, verdicts: Sequence[Verdict | None]) -> str:
    """Say in one sentence what may be claimed of a ranking, and what not; empty where nothing can be said.

    Args:
        ranking: Groups of runs, best first.
        verdicts: One per group.
    """
    found = [(group, one) for group, one in zip(ranking.groups, verdicts, strict=True) if one and one.margin]
    runs = [run for group in ranking.groups for run in group.runs]
    parts = [_result(ranking, found) if found else "", scope(runs)]
    sentence = "; ".join(part for part in parts if part)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def scope(runs: Sequence[RunRow]) -> str:
    """Say for whom a result holds, as far as the groups of the test samples show; empty if the samples have none.

    Args:
        runs: Of one ranking.
    """
    known = [run.groups for run in runs if "column" in run.groups]
    if not known:
        return _unnamed(runs)
    column = str(known[0]["column"])
    folds = {run.config.get("fold"): int(run.groups["number"]) for run in runs if "column" in run.groups}
    number = sum(folds.values())
    if any(one.get("seen") for one in known):
        return f"it holds for the {column}s in the table, who were trained on; nothing is known of others"
    if number == 1:
        return f"it holds for this {column}; nothing is known of others"
    if number < FEWEST:
        return f"it holds for these {number} {column}s; nothing is known of others"
    few = f", and {number} are few" if number < _FEW_GROUPS else ""
    return f"it holds for {column}s like the {number} tested{few}"


def label(ranking: Ranking, group: Group) -> str:
    """Name a group by what sets it apart from the others, one without fusion by its input."""
    first = group.runs[0]
    if first.control or len(first.inputs) == 1:
        return f"{first.control} inputs" if first.control else f"{first.inputs[0]} alone"
    names = [name for name in ranking.columns if name not in ("inputs", "control")] or ["fusion"]
    return settings(group, [name for name in names if group.config.get(name) is not None])


def distinct_labels(ranking: Ranking) -> list[str]:
    """Name each group; those of one name by all in which they differ, and by nothing else where all have that name."""
    names = [label(ranking, group) for group in ranking.groups]
    is_shared = len(set(names)) == 1
    for i in _repeated(names):
        known = settings(ranking.groups[i], [key for key in ranking.columns if key != "inputs"])
        names[i] = known if is_shared and known else f"{names[i]} ({known})"
    for i in _repeated(names):
        names[i] = f"{names[i]} #{i + 1}"
    return names


def settings(group: Group, names: Sequence[str]) -> str:
    """Name a group by its config: the option of fusion and method, and any other value with its key."""
    known = [(name, cell(group.config.get(name))) for name in names]
    return ", ".join(value if name in ("fusion", "method") else f"{name}={value}" for name, value in known)


def _result(ranking: Ranking, found: Sequence[tuple[Group, Verdict]]) -> str:
    """Say what beats its baseline, and what the best of these is not shown to be better than."""
    won = [(group, one) for group, one in found if one.is_better and one.interval]
    if not won:
        many = f"none of the {len(found)} fusions is" if len(found) > 1 else f"{label(ranking, found[0][0])} is not"
        return f"{many} shown to beat its baseline"
    (best, verdict), *others = won
    counted = f", Holm over {verdict.compared}" if verdict.compared > 1 else ""
    margin, kind = verdict.margin, "control" if verdict.is_control else "single input"
    number = f"n = {margin.pairs} {margin.over}" if margin else ""
    amount = f"by {margin.mean:.3f} {verdict.interval} (95 %{counted}, {number})" if margin else ""
    words = f"{label(ranking, best)} beats its best {kind} ({verdict.baseline}) {amount}"
    if one_more := verdict.new_group:
        words += f"; of one more {best.runs[0].groups['column']}, {one_more.low:.3f} to {one_more.high:.3f} is expected"
    if others:
        words += f"; so {'do' if len(others) > 1 else 'does'} {_listed([label(ranking, group) for group, _ in others])}"
    same = indistinguishable(ranking, best, [group for group, _ in found if group is not best])
    return (
        f"{words}; {_listed([label(ranking, group) for group in same])} cannot be distinguished from it"
        if same
        else words
    )


def indistinguishable(ranking: Ranking, best: Group, others: Sequence[Group]) -> list[Group]:
    """Return the groups that one is not shown to differ from, by Holm's procedure over all of them."""
    found = [ranking.difference(best, other) for other in others]
    known = [i for i, one in enumerate(found) if one and one.p is not None]
    adjusted = dict(zip(known, holm([one.p for i in known if (one := found[i]) and one.p is not None]), strict=True))
    return [other for i, other in enumerate(others) if adjusted.get(i, 1.0) >= LEVEL]


def _unnamed(runs: Sequence[RunRow]) -> str:
    """Say that samples may come in groups that nobody has named."""
    likely = next((run.groups["likely"] for run in runs if run.groups.get("likely")), ())
    if not likely:
        return ""
    columns = [one.removeprefix("column ") for one in likely if one.startswith("column ")]
    hint = f": set {setting('dataset.split.groups', columns[0])} if it does" if columns else ""
    return (
        f"samples may come in groups ({', '.join(likely)}{hint}), for which the intervals are then too narrow, "
        "and nothing is known of other groups"
    )


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _repeated(names: Iterable[str]) -> list[int]:
    counts = Counter(names)
    return [i for i, name in enumerate(names) if counts[name] > 1]
