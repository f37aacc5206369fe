"""Verdicts on the screen: whether each fusion is better than its best single input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from mmexp.analysis.compare import Group, Ranking, compare
from mmexp.analysis.permuted import permuted_weights
from mmexp.analysis.verdict import BaselineComparison, Verdict
from mmexp.cli._text import printable
from mmexp.run import advice
from mmexp.run.folder import RunFolder
from mmexp.run.summary import neighbours, row

UNCONVINCING = 3  # exit code of --strict


def verdict_of(folder: RunFolder) -> Verdict | None:
    """Compare one run with its baselines; None if it fuses nothing."""
    own = row(folder)
    if not own.is_fusion:
        return None
    (ranking,) = compare([own])
    (verdict,) = BaselineComparison(neighbours([folder])).verdicts(ranking)
    return verdict


def show_verdicts(rankings: Sequence[Ranking], comparison: BaselineComparison) -> list[Verdict]:
    """Print the verdict of each group that fuses, and return all of them."""
    found = [(r, g, v) for r in rankings for g, v in zip(r.groups, comparison.verdicts(r), strict=True) if v]
    for ranking, group, verdict in found:
        ids = ", ".join(run.folder.id for run in group.runs)
        print(printable(f"{what(group)} ({ids}): {verdict.text}"))
        if verdict.hint:
            print(printable(verdict.hint))
        if control := permuted_weights(group.runs, ranking.metric, ranking.mode):
            print(printable(f"{what(group)}: its {control}"))
    return [verdict for *_, verdict in found]


def exit_code(verdicts: Iterable[Verdict | None]) -> int:
    """Return the exit code of ``--strict``: 3 if a fusion is not shown to be better; name what lacks baselines."""
    doubtful = [verdict for verdict in verdicts if verdict and not verdict.is_better]
    if lacking := [run for verdict in doubtful if verdict.outcome == "unknown" for run in verdict.runs]:
        line = advice.on_runs("baselines", lacking)
        print(f"There is no verdict without baselines.\nRun: {line}", file=sys.stderr)
    return UNCONVINCING if doubtful else 0


def what(group: Group) -> str:
    """Name a group by its inputs and its fusion."""
    run = group.runs[0]
    fusion = run.config.get("fusion", "none")
    if run.control:
        return f"{run.control} inputs"
    inputs = "+".join(run.inputs) if run.is_fusion else f"{''.join(run.inputs)} alone"
    return inputs if fusion == "none" else f"{inputs} by {fusion}"
