"""A progress bar on a terminal; elsewhere one line per validation."""

from __future__ import annotations

import time
from typing import Any, cast

import pytorch_lightning as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from mmexp.training.callback.metrics_logger import MetricsLogger
from mmexp.training.module import ExperimentModule

REFRESH = 0.25  # s


class ProgressBar(pl.Callback):
    """Show step, loss and the monitored metric.

    Args:
        console: Where to draw.
        recorder: Knows the latest loss.
        monitor: Metric shown after each validation.
        per_epoch: Batches per epoch.
    """

    def __init__(self, *, console: Console, recorder: MetricsLogger, monitor: str, per_epoch: int) -> None:
        self.console, self.recorder, self.monitor, self.per_epoch = console, recorder, monitor, per_epoch
        self.shown = 0.0
        self.bar: Progress | None = None
        self.line: TaskID = TaskID(0)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not self.console.is_terminal or not trainer.is_global_zero:
            return
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )
        self.line = self.bar.add_task("train", total=trainer.num_training_batches, epoch="1", note="")
        self.bar.start()
        self._draw(self.bar, trainer, pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.bar is not None and time.monotonic() - self.shown > REFRESH:
            self._draw(self.bar, trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != "fit" or not trainer.is_global_zero:
            return
        if self.bar is not None:
            self._draw(self.bar, trainer, pl_module)
            return
        epoch = self._batches(trainer) / self.per_epoch
        self.console.print(f"epoch {epoch:.0f}  {self._note(pl_module)}", highlight=False)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def _draw(self, bar: Progress, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.shown = time.monotonic()
        done = self._batches(trainer)
        epoch = 1 + max(0, done - 1) // self.per_epoch
        bar.update(self.line, completed=done, epoch=str(epoch), note=self._note(pl_module))
        bar.refresh()

    def _batches(self, trainer: pl.Trainer) -> int:
        """Batches done since the run began."""
        return trainer.fit_loop.epoch_loop.batch_progress.current.ready

    def _note(self, pl_module: pl.LightningModule) -> str:
        loss = self.recorder.latest.get("train/loss")
        monitored = cast(ExperimentModule, pl_module).results.get("val", {}).get(self.monitor)
        known = {"loss": loss, self.monitor: monitored}
        return "  ".join(f"{name} {value:.3f}" for name, value in known.items() if value is not None)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
