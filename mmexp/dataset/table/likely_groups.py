"""Columns of a table that may name groups of rows, where the config names none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmexp.dataset.table.reader import Record

_FEWEST = 2  # rows per value, on average
_ROWS = 20  # fewer rows show nothing


def likely_groups(records: Sequence[Record], columns: Sequence[str], targets: Iterable[str]) -> list[str]:
    """Return the columns whose values repeat as those of a speaker, a user, a patient or a site do.

    Left out are columns with a number that is not whole or with one value, those that follow from a target, and those
    that follow from another one, as the gender follows from the speaker.

    Args:
        records: The table.
        columns: Those that are not used otherwise.
        targets: Columns of the targets.
    """
    if len(records) < _ROWS:
        return []
    labels = [[str(record.values.get(column)) for record in records] for column in targets]
    found: dict[str, list[str]] = {}
    for column in columns:
        cells = [record.values.get(column) for record in records]
        values = [str(cell) for cell in cells]
        if not all(isinstance(cell, str | int) for cell in cells) or any(follows(values, one) for one in labels):
            continue
        if 1 < len(set(values)) <= len(records) / _FEWEST:
            found[column] = values
    finest = sorted(found, key=lambda column: -len(set(found[column])))
    kept: list[str] = []
    for column in finest:
        if not any(follows(found[column], found[other]) for other in kept):
            kept.append(column)
    return [column for column in found if column in kept]


def follows(values: Sequence[str], others: Sequence[str]) -> bool:
    """Whether each value of one column goes with a single value of the other: it says nothing that that does not."""
    return len(set(zip(values, others, strict=True))) == len(set(others))
