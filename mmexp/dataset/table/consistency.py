"""Check whether the parts of a row fit one another: words their tags, an image its mask, frames their video."""

from __future__ import annotations

from collections.abc import Mapping

from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.table.rows import Row


def find_mismatch(row: Row, inspected: Mapping[File, Inspection]) -> str:
    """Return what does not fit, once all files of the row have been read; empty if all does.

    Args:
        row: To check; each kind checks its own values.
        inspected: Its files.
    """
    for values, kinds in ((row.inputs, row.fields.inputs), (row.targets, row.fields.targets)):
        for name, value in values.items():
            try:
                kinds[name].check(name, value, row, inspected)
            except ValueError as fault:
                return f"{name} {fault}."
    return ""
