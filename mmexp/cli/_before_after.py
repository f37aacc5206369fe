"""The table of a model before and after it was made smaller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def print_before_after(rows: Sequence[Mapping[str, Any]], optional: Mapping[str, str]) -> None:
    """Print a row for each way: its metric with interval, the drop, the size, and what else is known.

    Args:
        rows: Of ``deploy.before_after``.
        optional: Headings of further numbers, by key.
    """
    from mmexp.cli._table import print_table
    from mmexp.cli._text import number

    heads = [
        "way!",
        f"{rows[0]['metric']}>",
        "95 %",
        "drop>",
        "bytes>",
        "of it>",
        *(f"{name}>" for name in optional.values()),
    ]
    cells = [
        [
            row["way"],
            number(row["value"]),
            f"{number(row['low'])} to {number(row['high'])}" if "low" in row else "",
            number(row["drop"]),
            f"{row['bytes']:,}",
            f"{row['bytes'] / rows[0]['bytes']:.2f}",
            *(number(row.get(key)) for key in optional),
        ]
        for row in rows
    ]
    print_table(heads, cells)
