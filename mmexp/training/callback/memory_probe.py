"""The largest batch that fits in memory, looked for once one does not."""

from __future__ import annotations

import traceback
from typing import Any, cast

import pytorch_lightning as pl
import torch

from mmexp.contract import Batch
from mmexp.training.module import ExperimentModule
from mmexp.training.shortage import is_out_of_memory


class MemoryProbe(pl.Callback):
    """Once a training batch does not fit in memory, halve it until a forward and a backward pass do.

    Of one process alone: with several, the others would have to take part.

    Attributes:
        largest: Samples that fit; None as long as that is not known.
    """

    def __init__(self) -> None:
        self.largest: int | None = None
        self.batch: Batch | None = None

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        self.batch = batch

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self.batch = None

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if self.batch is None or trainer.world_size > 1 or not is_out_of_memory(exception):
            return
        traceback.clear_frames(exception.__traceback__)  # they hold what did fit
        size = len(self.batch) // 2
        while size and not _fits(pl_module, self.batch.rows(slice(size))):
            size //= 2
        self.largest = size or None


def _fits(module: pl.LightningModule, batch: Batch) -> bool:
    module.zero_grad()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    try:
        torch.autograd.backward(cast(ExperimentModule, module).training_step(batch, 0)["loss"])
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    return True
