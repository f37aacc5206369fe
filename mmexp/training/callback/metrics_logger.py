"""Training losses to the loggers, a row every few steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor

from mmexp.contract import Batch
from mmexp.error import NumericsError
from mmexp.run.replay import write_replay
from mmexp.training.module import HINT, ExperimentModule

Row = dict[str, float]


class MetricsLogger(pl.Callback):
    """Accumulate each batch's losses on the device; log their mean every ``every`` steps and before a validation's row.

    A row also holds what callbacks have logged by ``pl_module.log``, at its newest: names that begin with ``val/`` in
    the row of a validation, all others in those of training.

    Losses since the last row are part of a checkpoint, so that a resumed run logs the rows of an uninterrupted one.

    Args:
        write: Logs one row of numbers. (Lightning gives every callback a method ``log`` of its own.)
        every: Optimizer steps between rows.
        per_epoch: Batches per epoch.
        replay: File that takes the ids of the samples of a loss that is not finite.
        counts: Returns what else belongs into a row of training.

    Raises:
        NumericsError: If a loss is not finite, at once on a CPU, else when its row is due; names the batch's samples.
    """

    def __init__(
        self, *, write: Callable[[Row], None], every: int, per_epoch: int, replay: Path, counts: Callable[[], Row]
    ) -> None:
        self.write, self.every, self.per_epoch, self.replay, self.counts = write, every, per_epoch, replay, counts
        self.latest: Row = {}
        self.names: list[str] = []
        self.losses: list[list[Tensor]] = []  # of each batch since the last row
        self.ids: list[tuple[str, ...]] = []  # of the batches not yet found finite, which are the newest
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the run began, without those between a stop and its resumption."""
        return round(time.monotonic() - self.began, 3)

    def state_dict(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "names": self.names, "losses": [list(map(float, row)) for row in self.losses]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.began = time.monotonic() - state_dict["seconds"]
        self.names = state_dict["names"]
        self.losses = [list(torch.tensor(row)) for row in state_dict["losses"]]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.losses = [[value.to(pl_module.device) for value in row] for row in self.losses]

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        self.names = list(outputs)
        self.losses.append([value.detach() for value in outputs.values()])
        self.ids.append(batch.ids)
        if pl_module.device.type == "cpu" and not math.isfinite(outputs["loss"]):
            self.check(trainer)
        if len(self.losses) >= self.every * trainer.accumulate_grad_batches:
            self.flush(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit":
            self.flush(trainer)
            measured = cast(ExperimentModule, pl_module).results["val"]
            self.write({**self.position(trainer), **_logged(trainer, validation=True), **measured})

    def flush(self, trainer: pl.Trainer) -> None:
        """Log the losses since the last row."""
        if not self.losses:
            return
        self.check(trainer)
        means: list[float] = trainer.strategy.reduce(_table(self.losses).mean(0), reduce_op="mean").tolist()
        means[0] *= trainer.accumulate_grad_batches  # Lightning divides the sum of the losses
        self.latest = {f"train/{name}": value for name, value in zip(self.names, means, strict=True)}
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        self.write({**self.position(trainer), **_logged(trainer), **self.latest, "train/lr": rate, **self.counts()})
        self.losses = []

    def check(self, trainer: pl.Trainer) -> None:
        """Refuse to train on from a loss that is not finite."""
        if not self.ids:
            return
        table = _table(self.losses[-len(self.ids) :])
        if not bool(table.isfinite().all()):
            self._refuse(trainer, table)
        self.ids = []

    def position(self, trainer: pl.Trainer) -> Row:
        """Optimizer step, epoch and seconds since the start."""
        epoch = self._batches(trainer) / self.per_epoch
        return {"step": trainer.global_step, "epoch": epoch, "time": self.seconds}

    def _batches(self, trainer: pl.Trainer) -> int:
        """Batches done since the run began."""
        return trainer.fit_loop.epoch_loop.batch_progress.current.ready

    def _refuse(self, trainer: pl.Trainer, table: Tensor) -> None:
        place = int((~table.isfinite().all(1)).nonzero()[0])
        column = int((~table[place].isfinite()).nonzero()[:2][-1])  # the first after their sum, if there is one
        number = self._batches(trainer) - (len(table) - 1 - place)
        step = -(-number // trainer.accumulate_grad_batches)
        ids = self.ids[place]
        write_replay(self.replay, step, f"loss '{self.names[column]}'", {number - 1: ids})
        raise NumericsError(
            f"Training: loss '{self.names[column]}' must be finite, got {float(table[place, column])} at step {step} "
            f"on the samples {', '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}.",
            hint=f"{HINT} The samples are listed in {self.replay}.",
        )


def _logged(trainer: pl.Trainer, validation: bool = False) -> Row:
    """What callbacks have logged, of training or of validation."""
    known = trainer.callback_metrics.items()
    return {name: float(value) for name, value in known if name.startswith("val/") == validation}


def _table(rows: list[list[Tensor]]) -> Tensor:
    """[batches, losses]"""
    return torch.stack([torch.stack(row) for row in rows]).float()
