"""Metrics in the run folder, as JSON rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mmexp.logger.base import Logger
from mmexp.run.folder import RunFolder
from mmexp.run.metrics import MetricsFile


class FilesLogger(Logger):
    """Append every row to ``metrics.jsonl``, which plots and comparisons read."""

    required: ClassVar[bool] = True

    def __init__(self) -> None:
        self._file: MetricsFile | None = None

    def start(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._file = MetricsFile(folder.metrics)

    def log(self, row: Mapping[str, float]) -> None:
        if self._file is not None:
            self._file.append(row)

    def finish(self, status: str, summary: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.close()
