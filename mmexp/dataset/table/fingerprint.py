"""Fingerprints by which two runs know whether they saw the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mmexp.contract import Split
from mmexp.dataset.kind.inspection import File, Inspection
from mmexp.dataset.table.reader import Record
from mmexp.dataset.table.rows import Row


def fingerprint(
    splits: Mapping[Split, Sequence[Row]],
    inspected: Mapping[File, Inspection],
    names: Iterable[Sequence[str | None]] = (),
) -> str:
    """Hash rows as used, in order: id, split, texts, numbers, targets, and path and content of each file.

    Args:
        splits: Rows by split.
        inspected: Their files.
        names: Of the numbers of each target that has names.
    """
    found = hashlib.sha256()
    for split, rows in splits.items():
        for row in rows:
            files = {_key(row, file): inspected[file].digest for file in row.files}
            found.update(json.dumps([split, row.id, row.inputs, files, row.targets], default=_plain).encode())
    for given in names:
        found.update(json.dumps(list(given)).encode())
    return found.hexdigest()


def table_fingerprint(records: Sequence[Record]) -> str:
    """Hash a table alone, in whatever order and wherever it lies."""
    rows = sorted(json.dumps([record.id, record.values], sort_keys=True, default=str) for record in records)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _key(row: Row, file: File) -> str:
    """Return the modality, or target, of a file; where it has several files the path of this one."""
    name, path = file
    return path if isinstance(row.inputs.get(name), list) else name


def _plain(value: Any) -> Any:
    """Return numbers in full, anything else that JSON does not know as text."""
    return value.tolist() if isinstance(value, np.ndarray) else str(value)
