"""Means of numbers over the epoch so far, as metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl


class EpochMeansCallback(pl.Callback):
    """Log each number as ``train/<name>``: its mean over the batches of the epoch so far.

    Args:
        numbers: Returns those of the batch that was just trained on, by name.
    """

    def __init__(self, numbers: Callable[[], Mapping[str, float]]) -> None:
        self.numbers = numbers
        self.sums: dict[str, float] = {}
        self.count = 0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if batch_idx % trainer.datamodule.per_epoch == 0:  # type: ignore[attr-defined]
            self.sums, self.count = {}, 0
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in self.numbers().items()}
        self.count += 1
        for name, value in self.sums.items():
            pl_module.log(f"train/{name}", value / self.count, batch_size=1)

    def state_dict(self) -> dict[str, Any]:
        return {"sums": self.sums, "count": self.count}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.sums, self.count = state_dict["sums"], state_dict["count"]
