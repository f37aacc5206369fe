"""Classes of a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from mmexp.contract import Split
from mmexp.dataset.kind.base import Kind
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.table.rows import Row


def classes_in(kind: Kind, values: Iterable[Any]) -> list[str | int]:
    """Return the classes that the values of a target have, sorted, if all are texts or whole numbers, else none.

    Args:
        kind: Of the target; it says what a class of a value is.
        values: Of the training split.
    """
    if not kind.classed:
        return []
    flat = [item for value in values for item in kind.members(value)]
    if not all(isinstance(item, str | int) for item in flat):
        return []
    return kind.unique(flat)


def classes_of(
    name: str, kind: Kind, splits: Mapping[Split, Sequence[Row]], inspected: Mapping[File, Inspection]
) -> list[str | int]:
    """Return the classes of a target of the training split; those that files hold are taken from all splits.

    Args:
        name: Of the target.
        kind: Its kind.
        splits: Rows by split.
        inspected: Their files.
    """
    files = (inspected[name, path] for row in chain(*splits.values()) for path in kind.paths(row.targets[name]))
    if (found := kind.classes_of_files(files)) is not None:
        return found
    candidates = (row.inputs.get(kind.candidates.get(name, ""), []) for row in splits["train"])
    return classes_in(kind, chain((row.targets[name] for row in splits["train"]), candidates))
