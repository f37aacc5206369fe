"""A table of results, whatever it is written as: the terminal, Markdown, LaTeX, CSV, JSON or HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmexp.analysis.claim import claim, indistinguishable
from mmexp.analysis.column import Column, columns, further
from mmexp.analysis.compare import Ranking
from mmexp.analysis.notes import notes, pooled, sources
from mmexp.analysis.verdict import Verdict


@dataclass(frozen=True)
class Table:
    """Columns of equal length, and what is said of them.

    Args:
        title: What it shows.
        columns: The most important ones first.
        notes: Sentences below it.
        records: The rows as JSON.
        metric: Heading of the column by which rows are ranked; empty if by none.
        best: Row whose metric is better than that of every other beyond chance; None if there is none.
        command: What was typed.
    """

    title: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()
    metric: str = ""
    best: int | None = None
    command: str = ""

    @property
    def names(self) -> list[str]:
        """Headings."""
        return [column.name for column in self.columns]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Cells as they are written."""
        return list(zip(*(column.texts for column in self.columns), strict=True))


def tabulate(
    ranking: Ranking, verdicts: Sequence[Verdict | None], names: Sequence[str] = (), sort: str = "", whole: bool = False
) -> Table:
    """Return the table of a ranking, best first.

    Args:
        ranking: Groups of runs.
        verdicts: One per group.
        names: Of the columns; if empty, those of the config that differ, the metric, the verdict, and all others.
        sort: Column to sort by instead, with a ``-`` in front from the largest on.
        whole: Whether to add the rows as JSON, and which is the best beyond chance, which may read predictions.
    """
    default = [*ranking.columns, "n", ranking.metric, *(["verdict"] if any(verdicts) else []), *further(ranking)]
    found = columns(ranking, verdicts, names or list(dict.fromkeys(default)))
    order = list(range(len(ranking.groups)))
    if sort:
        order = columns(ranking, verdicts, [sort.removeprefix("-")])[0].order
        order = order[::-1] if sort.startswith("-") else order
    records = [
        {**group.plain(), "verdict": verdict and verdict.plain()}
        for group, verdict in zip(ranking.groups, verdicts, strict=True)
        if whole
    ]
    below = [pooled(ranking.groups), *notes(ranking), claim(ranking, verdicts), sources(verdicts)]
    return Table(
        title(ranking, sort),
        tuple(column.taken(order) for column in found),
        tuple(filter(None, below)),
        tuple(records[i] for i in order if whole),
        ranking.metric,
        order.index(0) if whole and _is_best(ranking) else None,
    )


def title(ranking: Ranking, sort: str = "") -> str:
    """Say what a ranking is of, and in which order it stands."""
    task, dataset, fingerprint, tokenize = ranking.benchmark
    data = f", data {fingerprint[:8]}" if fingerprint else ""
    data += f", scored in {tokenize}" if tokenize else ""
    order = f"sorted by {sort.removeprefix('-')}, {ranking.metric}" if sort else f"best first by {ranking.metric}"
    return f"{task} on {dataset}{data}: {order} ({'more' if ranking.mode == 'max' else 'less'} is better)"


def _is_best(ranking: Ranking) -> bool:
    """Whether the first group is better than each other one by Holm's procedure over all of them."""
    best, *others = ranking.groups
    return bool(others) and not indistinguishable(ranking, best, others)
