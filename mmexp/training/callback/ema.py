"""Exponential moving average of the weights, which is what gets evaluated."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mmexp.training.backbones import checkpointed

AVERAGE = "average"  # key of the averaged weights in a checkpoint


class EMACallback(pl.Callback):
    """Update an exponential moving average of the weights, and swap it in for every validation.

    The average starts as the plain mean of the first steps: ``decay`` is capped by (step + 1) / (step + 10).

    Source: Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; as a moving average:
    Tarvainen and Valpola 2017, "Mean teachers", sec. 2.

    Args:
        decay: Part of the average that each optimizer step keeps, in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.own: dict[str, Tensor] = {}
        self.average: dict[str, Tensor] = {}
        self.saved: dict[str, Tensor] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        state = checkpointed(pl_module)
        self.own = {name: value for name, value in state.items() if value.is_floating_point()}
        self.average = {name: self.average.get(name, own).to(own.device).clone() for name, own in self.own.items()}

    @torch.no_grad()
    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        decay = min(self.decay, (trainer.global_step + 1) / (trainer.global_step + 10))
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(list(self.average.values()), list(self.own.values()), trainer.global_step)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit":
            self.saved = {name: value.clone() for name, value in self.own.items()}
            self._put(self.average)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._put(self.saved)
        self.saved = {}

    @torch.no_grad()
    def _put(self, values: dict[str, Tensor]) -> None:
        for name, value in values.items():
            self.own[name].copy_(value)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint[AVERAGE] = self.average

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self.average = checkpoint.get(AVERAGE, {})
