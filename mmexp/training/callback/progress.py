"""A progress bar on a terminal; elsewhere one line per validation and evaluation."""

from __future__ import annotations

import time
from typing import Any, cast

import pytorch_lightning as pl
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mmexp.training.callback.metrics_logger import MetricsLogger
from mmexp.training.module import ExperimentModule

REFRESH = 0.25  # s between updates of the numbers
FRAMES = 4.0  # per s, of the spinner


class ProgressBar(pl.Callback):
    """Show step, loss and the monitored metric while training, and the batches of every evaluation.

    The spinner and the time move also while a single step takes long.

    Args:
        console: Where to draw.
        metrics_logger: Knows the latest loss.
        monitor: Metric shown after each validation.
        per_epoch: Batches per epoch.
    """

    def __init__(self, *, console: Console, metrics_logger: MetricsLogger, monitor: str, per_epoch: int) -> None:
        self.console, self.metrics_logger, self.monitor, self.per_epoch = console, metrics_logger, monitor, per_epoch
        self.shown = 0.0
        self.bar: Progress | None = None
        self.training: TaskID | None = None
        self.evaluation: TaskID | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        if self.console.is_terminal:
            self.training = self._line("epoch 1", int(trainer.num_training_batches))
            self._draw(trainer, pl_module)
        else:
            self.console.print("training", highlight=False)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if time.monotonic() - self.shown > REFRESH:
            self._draw(trainer, pl_module)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begin(trainer, "val", trainer.num_val_batches)

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._advance()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end(trainer)
        if trainer.state.fn != "fit" or not trainer.is_global_zero:
            return
        if self.training is not None:
            self._draw(trainer, pl_module)
            return
        epoch = self._batches(trainer) / self.per_epoch
        self.console.print(f"epoch {epoch:.0f}  {self._note(pl_module)}", highlight=False)

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begin(trainer, "test", trainer.num_test_batches)

    def on_test_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._advance()

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def _line(self, name: str, total: int) -> TaskID:
        """Add a line to the bar, which is opened by the first one."""
        if self.bar is None:
            self.bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self.console,
                refresh_per_second=FRAMES,
                transient=True,
            )
            self.bar.start()
        return self.bar.add_task(name, total=total, note="")

    def _begin(self, trainer: pl.Trainer, split: str, sizes: list[int | float]) -> None:
        if not trainer.is_global_zero:
            return
        if self.console.is_terminal:
            self.evaluation = self._line(f"evaluate {split}", int(sum(sizes)))
        elif trainer.state.fn != "fit":
            self.console.print(f"evaluating {split}", highlight=False)

    def _advance(self) -> None:
        if self.bar is not None and self.evaluation is not None:
            self.bar.advance(self.evaluation)

    def _end(self, trainer: pl.Trainer) -> None:
        if self.bar is not None and self.evaluation is not None:
            self.bar.remove_task(self.evaluation)
            self.evaluation = None
        if trainer.state.fn != "fit":
            self._close()

    def _draw(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.bar is None or self.training is None:
            return
        self.shown = time.monotonic()
        done = self._batches(trainer)
        epoch = 1 + max(0, done - 1) // self.per_epoch
        self.bar.update(self.training, completed=done, description=f"epoch {epoch}", note=self._note(pl_module))
        self.bar.refresh()

    def _batches(self, trainer: pl.Trainer) -> int:
        """Batches done since the run began."""
        return trainer.fit_loop.epoch_loop.batch_progress.current.ready

    def _note(self, pl_module: pl.LightningModule) -> str:
        loss = self.metrics_logger.latest.get("train/loss")
        monitored = cast(ExperimentModule, pl_module).results.get("val", {}).get(self.monitor)
        known = {"loss": loss, self.monitor: monitored}
        return "  ".join(f"{name} {value:.3f}" for name, value in known.items() if value is not None)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
        self.bar = self.training = self.evaluation = None
