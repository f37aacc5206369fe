"""What a user should know of the classes of a table, though nothing is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.table.rows import Fields, Row
from mmexp.transform.spelling import near, spelling

_NAMED = 5  # classes, or sets of them


def target_notes(
    target: str, kind: Kind, splits: Mapping[Split, Sequence[Row]], classes: Sequence[Any]
) -> Iterator[str]:
    """Say which classes differ in case only, which are written in several ways, and which training lacks.

    Args:
        target: Its name.
        kind: Of the target.
        splits: Rows by split.
        classes: Those of training.
    """
    found = {split: [[*kind.members(row.targets[target])] for row in rows] for split, rows in splits.items()}
    members = [one for rows in found.values() for row in rows for one in row]
    written: dict[str, set[str]] = {}
    for one in members:
        written.setdefault(spelling(one), set()).add(repr(one))
    if sets := near({spelling(one) for one in (*members, *classes)}):
        yield f"{target}: {_listed(sets)} are different classes, though they differ in case, blanks or hyphens only"
    if same := [sorted(ways) for ways in written.values() if len(ways) > 1]:
        yield f"{target}: {_listed(same)} are one class{' each' if len(same) > 1 else ''}"
    known = {spelling(one) for one in classes}
    for split, rows in found.items():
        unseen = [[one for one in row if spelling(one) not in known] for row in rows]
        names = Counter(spelling(one) for row in unseen for one in row)
        if names:
            rule = f"{sum(map(bool, unseen))} of {len(rows)} rows of {split} are of classes that training lacks"
            yield f"{target}: {rule}, and count as wrong: {_counted(names)}"


def category_notes(
    modality: str, splits: Mapping[Split, Sequence[Row]], columns: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Say how many cells of a column of categories training lacks, and which column has no category twice.

    Args:
        modality: Of the rows, of the kind tabular.
        splits: Rows by split.
        columns: Facts of each column from training.
    """
    for name, values in ((column["name"], column["values"]) for column in columns if "values" in column):
        given = {split: [row.inputs.get(modality, {}) for row in rows] for split, rows in splits.items()}
        cells = {split: [str(row[name]) for row in rows if name in row] for split, rows in given.items()}
        train = cells.get("train", [])
        if len(train) > 2 and len(set(train)) == len(train):
            rule = f"each of the {len(train)} cells of train is a category of its own, such as {train[0]!r}"
            yield f"column {name!r}: {rule}: nothing can be learnt from it"
        for split, found in cells.items():
            if names := Counter(cell for cell in found if cell not in values):
                rule = f"{names.total()} of {len(found)} cells of {split} are categories that training lacks"
                yield f"column {name!r}: {rule}: {_counted(names)}"


def _counted(names: Counter[str]) -> str:
    shown = ", ".join(f"{name} ({times})" for name, times in names.most_common(_NAMED))
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _listed(sets: Sequence[Sequence[str]]) -> str:
    shown = "; ".join(" and ".join(one) for one in sets[:_NAMED])
    return shown + (f"; and {len(sets) - _NAMED} more" if len(sets) > _NAMED else "")


def class_notes(fields: Fields, splits: Mapping[Split, Sequence[Row]], facts: Mapping[str, Any]) -> list[str]:
    """Say what was decided of the columns of a table, and what of them training lacks.

    Args:
        fields: Kind of each.
        splits: Rows by split.
        facts: From training.
    """
    found: list[str] = []
    for name, kind in fields.targets.items():
        found += kind.notes(name)
        if (classes := facts["classes"].get(name)) and not kind.is_file:
            found += target_notes(name, kind, splits, classes)
    for name, kind in fields.inputs.items():
        found += kind.notes(name)
        columns = facts.get("modality", {}).get(name, {}).get("columns", ()) if kind.several else ()
        found += category_notes(name, splits, columns)
    return found
