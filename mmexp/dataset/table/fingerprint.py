"""What tells two runs whether they saw the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.contract import Split
from mmexp.dataset.table.inspection import File, Probe
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Row


def digest(
    splits: Mapping[Split, Sequence[Row]], probes: Mapping[File, Probe], names: Sequence[str | None] | None
) -> str:
    """Hash rows as used, in order: id, split, texts, numbers, targets, and path and size of each file.

    Args:
        splits: Rows by split.
        probes: Of their files.
        names: Of the numbers of a mask, if any are given.
    """
    found = hashlib.sha256()
    for split, rows in splits.items():
        for row in rows:
            films = row.named("video")
            sizes = {path if name in films else name: probes[name, path].size for name, path in row.files}
            found.update(json.dumps([split, row.id, row.inputs, sizes, row.targets], default=_told).encode())
    if names is not None:
        found.update(json.dumps(list(names)).encode())
    return found.hexdigest()


def digest_table(records: Sequence[Record]) -> str:
    """Hash a table alone, in whatever order and wherever it lies."""
    rows = sorted(json.dumps([record.id, record.values], sort_keys=True, default=str) for record in records)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _told(value: Any) -> Any:
    """Numbers in full, anything else that JSON does not know as text."""
    return value.tolist() if isinstance(value, np.ndarray) else str(value)
