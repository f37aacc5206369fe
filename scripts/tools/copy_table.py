"""Copy a folder with its table, and change the rows of the copy; for the scripts next to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Rows = Sequence[Row]


def copy_table(source: Path, target: Path, change: Callable[[Rows], Rows]) -> tuple[Rows, Rows]:
    """Copy a folder whose table is ``manifest.jsonl``, and return its rows and those of the copy.

    Args:
        source: Is not changed.
        target: Must not be there yet.
        change: Takes the rows, and returns those of the copy.
    """
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    changed = change(rows)
    shutil.copytree(source, target)
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in changed)
    (target / "manifest.jsonl").write_text(lines, encoding="utf-8")
    return rows, changed
