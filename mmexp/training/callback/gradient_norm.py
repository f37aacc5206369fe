"""Norm of the gradient, as a metric."""

from __future__ import annotations

from typing import cast

import pytorch_lightning as pl
from torch.optim import Optimizer

from mmexp.training.module import ExperimentModule


class GradientNormCallback(pl.Callback):
    """Log the L2 norm of the gradient before it is clipped, as ``train/grad_norm``: that of the step of each row."""

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        pl_module.log("train/grad_norm", cast(ExperimentModule, pl_module).gradient_norm(optimizer), batch_size=1)
