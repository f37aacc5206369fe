"""Training losses into ``metrics.jsonl``, a row every few steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mmexp.contract import Batch
from mmexp.error import NumericsError

Row = dict[str, float]


class Recorder(pl.Callback):
    """Keep each step's losses on the device and write their mean every ``every`` steps.

    Args:
        write: Takes one row of numbers.
        every: Optimizer steps between rows.
        per_epoch: Batches per epoch.

    Raises:
        NumericsError: If a loss is not finite, at the latest when its row is due; names the batch's samples.
    """

    def __init__(self, *, write: Callable[[Row], None], every: int, per_epoch: int) -> None:
        self.write, self.every, self.per_epoch = write, every, per_epoch
        self.latest: Row = {}
        self.ids: list[tuple[str, ...]] = []
        self.losses: list[list[Tensor]] = []
        self.names: list[str] = []
        self.began = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Batch, batch_idx: int
    ) -> None:
        self.names = list(outputs)
        self.losses.append([value.detach() for value in outputs.values()])
        self.ids.append(batch.ids)
        if len(self.losses) >= self.every * trainer.accumulate_grad_batches:
            self.flush(trainer)

    def flush(self, trainer: pl.Trainer) -> None:
        """Write what has gathered since the last row."""
        if not self.losses:
            return
        table = torch.stack([torch.stack(row) for row in self.losses]).float()  # [steps, losses]
        if not bool(table.isfinite().all()):
            self._refuse(trainer, table)
        means: list[float] = table.mean(0).tolist()
        self.latest = {f"train/{name}": value for name, value in zip(self.names, means, strict=True)}
        self.write(
            {
                **self.position(trainer),
                **self.latest,
                "train/lr": float(trainer.optimizers[0].param_groups[0]["lr"]),
            }
        )
        self.losses, self.ids = [], []

    def position(self, trainer: pl.Trainer) -> Row:
        """Optimizer step, epoch and seconds since the start."""
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        return {
            "step": trainer.global_step,
            "epoch": batches / self.per_epoch,
            "time": round(time.monotonic() - self.began, 3),
        }

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.fit_loop.restarting and trainer.state.fn == "fit":
            self.flush(trainer)
            self.write({**self.position(trainer), **pl_module.results["val"]})  # type: ignore[index,operator,dict-item]

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.flush(trainer)

    def _refuse(self, trainer: pl.Trainer, table: Tensor) -> None:
        first = int((~table.isfinite().all(1)).nonzero()[0, 0])
        name = self.names[int((~table[first].isfinite()).nonzero()[0, 0])]
        step = trainer.global_step - (len(self.losses) - 1 - first) // trainer.accumulate_grad_batches
        ids, self.losses, self.ids = self.ids[first], [], []
        raise NumericsError(
            f"Training: loss '{name}' must be finite, got {_word(table[first])} at step {step} on the samples "
            f"{', '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}.",
            hint="Type a lower optimizer.lr, or hardware.precision=32-true.",
        )


def _word(values: Tensor) -> str:
    return "NaN" if bool(values.isnan().any()) else f"{math.inf}"
