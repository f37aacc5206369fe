"""Metrics as append-only JSON rows: a kill costs at most the row being written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmexp.run.atomic import FULL
from mmexp.run.jsonfile import strict


class MetricsFile:
    """Append rows, each with one write, so that no earlier row is ever touched.

    Args:
        path: The file; it is made by the first row.

    Attributes:
        waiting: Rows that the disk has no room for yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self._fresh = False  # whether the next byte begins a line
        self.waiting: list[dict[str, Any]] = []

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row: ``step``, ``epoch``, ``time`` in seconds since the start, and metrics by key.

        A row that the disk has no room for waits until there is some, and is written before the next one.
        """
        self.waiting.append(strict(row))
        self._write_waiting()

    def close(self) -> None:
        """Write the rows that still wait, make all survive a power cut, and let go of the file."""
        self._write_waiting()
        if self._handle >= 0:
            with _room_or_not():
                os.fsync(self._handle)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> MetricsFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write_waiting(self) -> None:
        with _room_or_not():
            while self.waiting:
                self._write(self.waiting[0])
                del self.waiting[0]

    def _write(self, row: Mapping[str, Any]) -> None:
        """Write one line; if half of it was written before, on a line of its own."""
        if self._handle < 0:
            self._open()
        line = (json.dumps(row, allow_nan=False) + "\n").encode()
        data = line if self._fresh else b"\n" + line
        while data:
            data = data[os.write(self._handle, data) :]
            self._fresh = False
        self._fresh = True

    def _open(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        size = os.fstat(self._handle).st_size
        self._fresh = size == 0 or os.pread(self._handle, 1, size - 1) == b"\n"


@contextmanager
def _room_or_not() -> Iterator[None]:
    """End the block where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Rows in the order of their steps' first appearance; none if the run has logged none yet.

    Of rows with the same step and keys the last one counts (a resumed run writes some again), half written lines do not
    count, and what is not a finite number is None.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    rows: dict[tuple[Any, frozenset[str]], dict[str, Any]] = {}
    for line in data.splitlines():
        try:
            row = json.loads(line, parse_constant=lambda _: None)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows[row["step"], frozenset(row)] = row
    return list(rows.values())
