"""What the reading of a table has left aside or made up, as lines for the user."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.contract import Split
from mmexp.dataset.column import Column, columns_of
from mmexp.dataset.table.reader import Record, column_names, find_column
from mmexp.dataset.table.split import assign, split_column
from mmexp.dataset.table.split_rule import SplitRule

_NAMED = 5  # groups


def reading_notes(
    records: Sequence[Record], used: Sequence[Column | None], rule: SplitRule | None, sides: Sequence[Split]
) -> list[str]:
    """Say which columns are not used, and whether val is drawn from train.

    Args:
        records: The table.
        used: Columns that are, besides ``id`` and that of the split; None is none.
        rule: Where a split comes from, None if groups give it.
        sides: Split of each record.
    """
    columns = column_names(records)
    split = split_column(records, rule) if rule else None
    known = {find_column(one, columns) for name in ("id", split, *used) if name is not None for one in columns_of(name)}
    left = [name for name in columns if name not in known]
    notes = [f"columns not used: {', '.join(left)}."] if left else []
    if rule and split and not rule.everything and "val" in sides and "val" not in assign(records, rule, None, ()):
        drawn = f"val: {sides.count('val')} rows drawn from train (dataset.split.seed={rule.seed})"
        notes.append(f"{drawn}, as column {split!r} names none.")
    return notes


def seen_groups(records: Sequence[Record], group_by: str | None, trained: Sequence[str]) -> list[str]:
    """Say how many rows of another table are of groups that were trained on.

    Args:
        records: The table.
        group_by: Column of the groups, which it may lack; None if training knew none.
        trained: Groups of the training split.
    """
    column = find_column(group_by, column_names(records)) if group_by else None
    found = [str(record.values.get(column)) for record in records] if column else []
    seen = [group for group in found if group in set(trained)]
    names = ", ".join(sorted(set(seen))[:_NAMED]) + (" ..." if len(set(seen)) > _NAMED else "")
    return [f"{len(seen)} of {len(found)} rows are of groups that were trained on: {names}."] if seen else []
