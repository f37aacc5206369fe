"""Metrics as event files of TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmexp.error import ConfigError
from mmexp.logger.base import Logger
from mmexp.logger.row import metrics_of
from mmexp.run.folder import RunFolder
from mmexp.run.jsonfile import dumps

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorBoardLogger(Logger):
    """Write event files into ``tensorboard/`` of the run folder: ``tensorboard --logdir outputs`` shows all runs.

    Source: Abadi et al. 2016, https://arxiv.org/abs/1605.08695. Of what a resumed run logs again, the newest counts.
    """

    def __init__(self) -> None:
        self._writer: SummaryWriter | None = None

    def start(self, folder: RunFolder, config: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
        self._path, self._config = folder.path / "tensorboard", config

    def log(self, row: Mapping[str, float]) -> None:
        step = int(row["step"])
        if self._writer is None:
            self._writer = _writer()(str(self._path), purge_step=step if self._path.exists() else None)
            self._writer.add_text("config", f"```\n{dumps(self._config)}```")
        for key, value in metrics_of(row).items():
            self._writer.add_scalar(key, value, step)

    def finish(self, status: str, summary: Mapping[str, Any]) -> None:
        if self._writer is None:
            return
        for key, value in metrics_of(summary.get("metrics", {})).items():
            self._writer.add_scalar(f"final/{key}", value)
        self._writer.close()


def _writer() -> type[SummaryWriter]:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        rule = "logger=tensorboard: package tensorboard must be installed, got none"
        raise ConfigError(f"{rule}.", "Run: pip install tensorboard") from error
    return SummaryWriter
