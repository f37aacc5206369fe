"""What is changed of Lightning's trainer that it offers no public way for: its signal handlers, its unscaling."""

from __future__ import annotations

import pytorch_lightning as pl
from torch.optim import Optimizer


def leave_signals_alone(trainer: pl.Trainer) -> None:
    """Keep Lightning from handling signals: mmexp does, and Lightning waits for other processes inside its handler."""
    trainer._signal_connector.register_signal_handlers = _nothing  # type: ignore[method-assign]


def unscale(trainer: pl.Trainer, optimizer: Optimizer) -> None:
    """Divide the gradient by the loss scale of 16-mixed, where Lightning leaves that to the step of a fused optimizer.

    So its norm, and the norm that it is clipped at, are those of the loss itself. Nothing is done at other precisions.
    """
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
        scaler.unscale_(optimizer)


def _nothing() -> None:
    """Register no handler."""
