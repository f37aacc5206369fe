"""Verdicts on the screen: whether each fusion is worth more than one of its inputs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from mmexp.analysis.compare import Group, Ranking, compare
from mmexp.analysis.verdict import Gate, Verdict
from mmexp.cli._text import printable
from mmexp.run.folder import RunFolder
from mmexp.run.summary import RunRow, row, rows

UNCONVINCING = 3  # exit code of --strict


def neighbours(folders: Iterable[RunFolder]) -> list[RunRow]:
    """All runs of the folders' outputs, among which their baselines are."""
    return [one for outputs in {folder.path.parent.parent: None for folder in folders} for one in rows(outputs)]


def verdict_of(folder: RunFolder) -> Verdict | None:
    """Judge one run by itself; None if it fuses nothing."""
    own = row(folder)
    if not own.is_fusion:
        return None
    (ranking,) = compare([own])
    (verdict,) = Gate(neighbours([folder])).verdicts(ranking)
    return verdict


def show_verdicts(rankings: Sequence[Ranking], gate: Gate) -> list[Verdict]:
    """Print a line for each group that fuses, and return what it says."""
    found = [(g, v) for r in rankings for g, v in zip(r.groups, gate.verdicts(r), strict=True) if v]
    for group, verdict in found:
        ids = ", ".join(run.folder.id for run in group.runs)
        print(printable(f"{what(group)} ({ids}): {verdict.text}"))
    return [verdict for _, verdict in found]


def exit_code(verdicts: Iterable[Verdict | None]) -> int:
    """The exit code of ``--strict``: 3 if a fusion is not shown to be better; what lacks baselines is named."""
    doubtful = [verdict for verdict in verdicts if verdict and not verdict.is_better]
    if ids := [run for verdict in doubtful if verdict.outcome == "unknown" for run in verdict.runs]:
        print(f"Without baselines nothing can be said; type mmexp baselines {' '.join(ids)}", file=sys.stderr)
    return UNCONVINCING if doubtful else 0


def what(group: Group) -> str:
    """Name a group by what it was given and how it fuses."""
    run = group.runs[0]
    fusion = run.config.get("fusion", "none")
    if run.control:
        return f"{run.control} inputs"
    told = "+".join(run.inputs) if run.is_fusion else f"{''.join(run.inputs)} alone"
    return told if fusion == "none" else f"{told} by {fusion}"
