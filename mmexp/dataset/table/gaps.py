"""Refuse splits in which there is nothing to learn from or to measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmexp.contract import Split
from mmexp.dataset.column import Column
from mmexp.dataset.table.rows import Row
from mmexp.error import DataError
from mmexp.run.command import setting


def refuse_gaps(splits: Mapping[Split, Sequence[Row]], columns: Mapping[str, Column], table: Path) -> None:
    """Make sure that every split has rows, and every input a value in each.

    Args:
        splits: Rows by split.
        columns: Input -> column, or columns.
        table: Path of the table.

    Raises:
        DataError: If one has none.
    """
    for name, rows in splits.items():
        if not rows:
            hint = f"Write {name} into the split of some rows, or draw all splits: dataset.split.ratios=[0.8,0.1,0.1]."
            raise DataError(f"split {name} must have a row, got none.", path=str(table), hint=hint)
        for modality, column in columns.items():
            if not any(modality in row.inputs for row in rows):
                rule = f"column {column!r} of {modality} must be filled in some row of {name}, got none."
                raise DataError(rule, path=str(table), hint=_without("inputs", columns, modality))


def refuse_constants(classes: Mapping[str, Sequence[str | int]], columns: Mapping[str, Column], table: Path) -> None:
    """Make sure that no target has one value only.

    Args:
        classes: Of the training split, by target.
        columns: Target -> column, also of those that have no classes.
        table: Path of the table.

    Raises:
        DataError: If one has.
    """
    for target, values in classes.items():
        if len(values) == 1:
            rule = f"{target} must have at least 2 values in train, got only {values[0]!r}."
            raise DataError(rule, path=str(table), hint=_without("targets", columns, target))


def _without(role: str, columns: Mapping[str, Column], name: str) -> str:
    """Return how to leave one input or target out; empty if it is the only one."""
    others = {other: column for other, column in columns.items() if other != name}
    return f"Set {setting(f'dataset.{role}', {name: None, **others})} to do without {name}." if others else ""
