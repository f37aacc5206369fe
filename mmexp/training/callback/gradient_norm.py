"""Norm of the gradient, as a metric."""

from __future__ import annotations

import pytorch_lightning as pl
from torch import nn
from torch.optim import Optimizer


class GradientNormCallback(pl.Callback):
    """Log the L2 norm of the gradient before it is clipped, as ``train/grad_norm``: that of the step of each row."""

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        gradients = [weight.grad for weight in pl_module.parameters() if weight.grad is not None]
        pl_module.log("train/grad_norm", nn.utils.get_total_norm(gradients), batch_size=1)
