"""Results as a cross table: rows by one config key, columns by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmexp.analysis.cell import cell, score
from mmexp.analysis.column import Column, setting
from mmexp.analysis.compare import Group, Ranking
from mmexp.analysis.notes import pooled
from mmexp.analysis.table import Table, title

Cells = dict[tuple[str, str], tuple[Ranking, Group]]


def pivot(rankings: Sequence[Ranking], row: str, column: str) -> list[Table]:
    """Return the mean of the metric in each cell; results that would share a cell stand in tables of their own.

    Args:
        rankings: Groups by the two keys; controls are left out.
        row: Config key whose values are the rows.
        column: Config key whose values are the columns, such as task or dataset.
    """
    return [_table(one, row, column) for one in _parts(rankings, row, column)]


def _parts(rankings: Sequence[Ranking], row: str, column: str) -> Iterator[Cells]:
    """Gather cells until one would be filled twice: by other data."""
    found: Cells = {}
    for ranking in rankings:
        groups = [group for group in ranking.groups if not group.config.get("control")]
        own: Cells = {(cell(setting(one, row)), cell(setting(one, column))): (ranking, one) for one in groups}
        if found.keys() & own.keys():
            yield found
            found = {}
        found |= own
    if found:
        yield found


def _table(cells: Cells, row: str, column: str) -> Table:
    rows, names = (list(dict.fromkeys(key[side] for key in cells)) for side in (0, 1))
    rankings = list(dict.fromkeys(id(ranking) for ranking, _ in cells.values()))
    metrics = {name: {own.metric for (_, other), (own, _) in cells.items() if other == name} for name in names}
    several = len({metric for found in metrics.values() for metric in found}) > 1
    first = next(iter(cells.values()))[0]
    columns = [Column(row, tuple(rows), tuple(rows))]
    for name in names:
        scores = [_score(cells, key, name) for key in rows]
        heading = f"{name} ({', '.join(sorted(metrics[name]))})" if several else name
        columns.append(Column(heading, tuple(one for one, _ in scores), tuple(text for _, text in scores), True))
    notes = [pooled([group for _, group in cells.values()]), "In brackets: number of runs; controls are left out."]
    heading = title(first) if len(rankings) == 1 else f"{row} by {column}" + ("" if several else f", {first.metric}")
    return Table(heading, tuple(columns), tuple(filter(None, notes)), tuple(_records(cells, row, column)))


def _score(cells: Cells, row: str, column: str) -> tuple[object, str]:
    if (row, column) not in cells:
        return None, "-"
    ranking, group = cells[row, column]
    found = group.score(ranking.metric)
    return found, f"{score(found)} ({len(group.runs)})"


def _records(cells: Cells, row: str, column: str) -> Iterator[dict[str, object]]:
    for (own, other), (ranking, group) in cells.items():
        found = group.score(ranking.metric)
        yield {
            row: own,
            column: other,
            "metric": ranking.metric,
            "n": len(group.runs),
            "mean": found.mean,
            "std": found.std,
        }
