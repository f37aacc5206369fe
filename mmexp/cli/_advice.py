"""What to do about runs that are not done."""

from __future__ import annotations

from collections.abc import Sequence

from mmexp.run import advice
from mmexp.run.summary import RunRow

_ADVISED = 3


def print_advice(rows: Sequence[RunRow]) -> None:
    """Print how to resume the newest runs that were killed or stopped."""
    for row in [row for row in rows if row.status in ("killed", "stopped")][-_ADVISED:]:
        print(f"{row.status}, to resume it: {advice.resume(row.folder)}")


def reason(row: RunRow) -> str:
    """First line of why a run is not done."""
    return row.reason.partition("\n")[0]
