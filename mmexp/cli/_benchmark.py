"""A benchmark on the screen: its table and its sentence, how much more would decide, and what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from mmexp.analysis.cell import score
from mmexp.analysis.claim import label
from mmexp.analysis.compare import Group, Ranking, compare
from mmexp.analysis.table import tabulate
from mmexp.analysis.verdict import BaselineComparison, Verdict
from mmexp.analysis.winner import cheapest, seeds_needed, winner
from mmexp.cli._ranking import show_table
from mmexp.cli._text import duration, printable
from mmexp.cli._verdict import UNCONVINCING
from mmexp.run.command import line
from mmexp.run.summary import DONE, RunRow, row
from mmexp.run.sweep import SweepFolder


def show_benchmark(folder: SweepFolder, workers: int, strict: bool = False) -> int:
    """Print how a benchmark ended, and return its exit code.

    Args:
        folder: Of its sweep.
        workers: Jobs at once.
        strict: Whether to exit with 3 if no fusion beats its best single input.
    """
    rows = retrained(folder)
    if not rows:
        print("There is no verdict: no way was trained to the end, and with a new seed.")
        return 1
    (ranking, *_), comparison = compare(rows), BaselineComparison(rows)
    verdicts = comparison.verdicts(ranking)
    print()
    show_table(tabulate(ranking, verdicts))
    spent = sum(job.state().seconds or 0.0 for job in folder.jobs)
    lines = [f"cost     {duration(spent)} of jobs, {len(folder.jobs)} in all, {len(rows)} of them with new seeds"]
    lines += [*_undecided(folder, rows, verdicts, workers), *_next(folder, ranking, verdicts)]
    print(printable("\n".join(lines)))
    return UNCONVINCING if strict and not any(one and one.is_better for one in verdicts) else 0


def retrained(folder: SweepFolder) -> list[RunRow]:
    """Return the runs with new seeds, which are those that are compared."""
    found = (row(job.run) for job in folder.jobs if job.run and job.state().status == DONE)
    return [one for one in found if one.status == DONE and "tuned" in one.config]


def _undecided(
    folder: SweepFolder, rows: Sequence[RunRow], verdicts: Sequence[Verdict | None], workers: int
) -> list[str]:
    """Say that the data does not decide, and how much more it would take; nothing if it does."""
    if any(one and one.is_better for one in verdicts):
        return []
    if (number := seeds_needed(verdicts)) is None:
        needed = dict.fromkeys(one.needed.removeprefix("; ") for one in verdicts if one and one.needed)
        return [f"open     the data does not decide{''.join(f'; {one}' for one in list(needed)[:1])}"]
    own = [one for one in rows if not one.control]
    known = {job.run.id: job.state().seconds or 0.0 for job in folder.jobs if job.run}
    each = sum(known.get(one.folder.id, 0.0) for one in own) / len({one.config["seed"] for one in own})
    seconds = (number - len({one.config["seed"] for one in own})) * each / workers
    budget = _chosen(folder, "search.budget", 1800.0) + seconds * 1.1
    more = folder.line("extend", f"search.seeds={number}", f"search.budget={budget:.0f}")
    words = f"the data does not decide yet; {number} seeds would, as far as is known: {duration(round(seconds))} more"
    return [f"open     {words}", f"         {more}"]


def _chosen(folder: SweepFolder, key: str, default: float) -> float:
    found = [word.partition("=")[2] for word in folder.request["chosen"] if word.startswith(f"{key}=")]
    return float(found[-1]) if found else default


def _next(folder: SweepFolder, ranking: Ranking, verdicts: Sequence[Verdict | None]) -> list[str]:
    """Name the way to take, with its command."""
    best = winner(ranking, verdicts)
    if best is None:
        return []
    monitor, lines = best.runs[0].monitor, list[str]()
    if best.runs[0].is_fusion and (cheap := cheapest(ranking, best)) is not best:
        lines.append(f"cheapest {label(ranking, cheap)} of those like it: {_cost(cheap)}, against {_cost(best)}")
    why = "the best of those that beat their baselines" if best.runs[0].is_fusion else "the best single input"
    lines.append(f"winner   {label(ranking, best)}: {why} by {monitor}, {score(best.score(monitor))}")
    command = next(job.frozen["command"] for job in folder.jobs if job.run and job.run.id == best.runs[0].folder.id)
    lines += [f"         {shlex.join(command)}", f"next     {line('compare', folder.named)}"]
    return lines


def _cost(group: Group) -> str:
    return f"{duration(group.average('seconds'))} to train"
