"""Metrics in the run folder, as JSON rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mmexp.logger.base import Logger
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import MetricsFile


class FilesLogger(Logger):
    """Append every row to ``metrics.jsonl``, which plots and comparisons read.

    While the disk has no room for a row, the run goes on: rows are kept in memory and written when there is room again.
    """

    required: ClassVar[bool] = True

    def __init__(self) -> None:
        self._file: MetricsFile | None = None
        self._warned = False

    def start(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._file, self._path = MetricsFile(folder.metrics), folder.metrics

    def log(self, row: Mapping[str, float]) -> None:
        if self._file is None:
            return
        self._file.append(row)
        if self._file.waiting and not self._warned:
            self._warned = True
            self.warn(f"Warning: the disk is full. Rows of {self._path} are kept in memory until there is room again.")

    def finish(self, status: str, summary: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        self._file.close()
        if lost := [row.get("step") for row in self._file.waiting]:
            steps = ", ".join(map(str, lost[:8])) + (" ..." if len(lost) > 8 else "")
            self.warn(f"Warning: the disk is full. {self._path} lacks {len(lost)} rows: those of the steps {steps}")
