"""JSON: a list of all rows, each with its runs, scores and verdict."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.analysis.table import Table
from mmexp.run.jsonfile import dumps


def render(tables: Sequence[Table]) -> str:
    """Return the records of all tables."""
    return dumps([record for table in tables for record in table.records])
