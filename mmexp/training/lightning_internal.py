"""What is changed of Lightning's trainer and its optimizer that they offer no public way for."""

from __future__ import annotations

import pytorch_lightning as pl
from torch import Tensor
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


def skip_on_device(trainer: pl.Trainer, optimizer: Optimizer, overflow: Tensor) -> bool:
    """Have the kernel of a fused optimizer leave out this step where ``overflow`` is 1, and so not wait for the device.

    Returns:
        False if it is not fused, if the scaler of 16-mixed decides, or before its first step (SGD's momentum).
    """
    has_scaler = getattr(trainer.precision_plugin, "scaler", None) is not None
    if has_scaler or not optimizer.state or not getattr(optimizer, "_step_supports_amp_scaling", False):
        return False
    optimizer.found_inf = overflow  # type: ignore[attr-defined]
    return True


def _nothing() -> None:
    """Register no handler."""
