"""Steps whose gradient is not finite: skipped and counted, until they are too many in a row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import pytorch_lightning as pl
from torch.optim import Optimizer

from mmexp.contract import Batch
from mmexp.error import NumericsError
from mmexp.run.replay import write_replay
from mmexp.training.lightning_internal import unscale
from mmexp.training.module import HINT, ExperimentModule


class OverflowCallback(pl.Callback):
    """Skip an optimizer step whose gradient is not finite: weights and optimizer stay, the schedule goes on.

    Source: Micikevicius et al. 2018, "Mixed Precision Training", https://arxiv.org/abs/1710.03740, section 3.2.
    Differs: at any precision; the loss is scaled by PyTorch, and only for 16-mixed.

    Args:
        on_overflow: Whether such a step is skipped, or ends the run.
        limit: Such steps in a row that end the run.
        replay: File that then takes the ids of the samples.
        warn: Shows a line to the user, of the first skipped step.

    Attributes:
        skipped: Steps skipped so far.

    Raises:
        NumericsError: If there are too many; names the file.
    """

    def __init__(
        self, *, on_overflow: Literal["skip", "raise"], limit: int, replay: Path, warn: Callable[[str], None]
    ) -> None:
        self.limit = 1 if on_overflow == "raise" else limit
        self.replay, self.warn = replay, warn
        self.skipped, self.in_a_row = 0, 0
        self.batches: dict[int, tuple[str, ...]] = {}  # of this step, and of those skipped before it

    def counts(self) -> dict[str, float]:
        """What belongs into a row of metrics: nothing as long as no step was skipped."""
        return {"train/overflows": self.skipped} if self.skipped else {}

    def state_dict(self) -> dict[str, Any]:
        return {"skipped": self.skipped, "in_a_row": self.in_a_row}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.skipped, self.in_a_row = state_dict["skipped"], state_dict["in_a_row"]

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        if batch_idx % trainer.accumulate_grad_batches == 0 and not self.in_a_row:
            self.batches = {}
        self.batches[batch_idx] = batch.ids

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        unscale(trainer, optimizer)
        if bool(cast(ExperimentModule, pl_module).gradient_norm(optimizer).isfinite()):
            self.in_a_row = 0
            return
        self.skipped += 1
        self.in_a_row += 1
        step = trainer.global_step + 1
        logging.getLogger(__name__).warning("Step %s is skipped: its gradient is not finite.", step)
        if self.in_a_row >= self.limit:
            self._refuse(step)
        if self.skipped == 1 and trainer.is_global_zero:
            self.warn(f"Step {step} is skipped: its gradient is not finite. train/overflows counts such steps.")
        optimizer.zero_grad(set_to_none=True)  # what has no gradient is not touched

    def _refuse(self, step: int) -> None:
        write_replay(self.replay, step, "gradient", self.batches)
        rule = "gradient must be finite"
        got = "another" if self.limit == 1 else f"{self.in_a_row} in a row that are not"
        hint = f"{HINT} The samples are listed in {self.replay}."
        raise NumericsError(f"Training: {rule}, got {got} at step {step}.", hint=hint)
