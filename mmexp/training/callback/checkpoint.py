"""Checkpoints: the last ones, the best one, and when to stop."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Literal, cast

import pytorch_lightning as pl

from mmexp.run.checkpoints import Role, checkpoint_name, hard_link, prune
from mmexp.run.signals import SIGNALS, stopped
from mmexp.training.module import ExperimentModule

KEEP_LAST = 2


class CheckpointCallback(pl.Callback):
    """Save after every validation, every ``every`` steps and on a signal; stop early if the metric does not improve.

    A state is saved only where resuming from it is exact: after an optimizer step, and after the validation that is
    due there. The best state is written before its hard link ``last-...``, so that no state names a best one that a
    kill has prevented. Ctrl-C during a validation of one process stops at the end of its batch, with the last state.

    Args:
        folder: Where checkpoints go.
        monitor: Metric of the validation that decides, such as ``val/accuracy``.
        mode: Whether less or more of it is better. NaN is never better.
        per_epoch: Batches per epoch.
        every: Optimizer steps between saves; 0 for none.
        patience: Validations without improvement before stopping; 0 never stops.
        before_save: Called first; raises if the state is not worth keeping.

    Raises:
        Stopped: If SIGTERM or Ctrl-C came; during training once a state is saved.
    """

    def __init__(
        self,
        *,
        folder: Path,
        monitor: str,
        mode: Literal["min", "max"],
        per_epoch: int,
        every: int,
        patience: int,
        before_save: Callable[[pl.Trainer], None],
    ) -> None:
        self.folder, self.monitor, self.per_epoch = folder, monitor, per_epoch
        self.every, self.patience, self.before_save = every, patience, before_save
        self.sign = 1.0 if mode == "max" else -1.0
        self.best = -math.inf
        self.waited = 0
        self.asked = 0
        self.handlers: dict[int, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.waited = state_dict["best"], state_dict["waited"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.handlers = {number: signal.signal(number, self._ask) for number in SIGNALS}
        trainer.should_stop = self._out_of_patience()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        number = batch_idx + 1
        if number % trainer.accumulate_grad_batches or number % int(trainer.val_check_interval) == 0:
            return
        stop = self._is_asked(trainer)
        if stop or (self.every and trainer.global_step % self.every == 0):
            self.save(trainer, "last")
        if stop:
            self._stop(trainer)

    def on_validation_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Do not wait for the end of a validation: no state can be saved in it, so resuming repeats the steps since."""
        if self.asked == signal.SIGINT and trainer.state.fn == "fit" and trainer.world_size == 1:
            raise stopped(self.asked, f"during the validation at step {trainer.global_step}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != "fit":
            return
        value = self.sign * cast(ExperimentModule, pl_module).results["val"].get(self.monitor, math.nan)
        better = value > self.best
        self.best, self.waited = (value, 0) if better else (self.best, self.waited + 1)
        self.save(trainer, "best" if better else "last")
        trainer.should_stop = trainer.should_stop or self._out_of_patience()
        if self._is_asked(trainer):
            self._stop(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._restore_handlers()
        if self._is_asked(trainer):
            self._stop(trainer)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._restore_handlers()

    def save(self, trainer: pl.Trainer, role: Role) -> None:
        """Write ``last-...``, or ``best-...`` and a link to it as ``last-...``. Call it in all processes."""
        self.before_save(trainer)
        epoch = trainer.fit_loop.epoch_loop.batch_progress.current.ready // self.per_epoch
        path = self.folder / checkpoint_name(role, epoch, trainer.global_step)
        trainer.save_checkpoint(path)
        if not trainer.is_global_zero:
            return
        last = path
        if role == "best":
            last = hard_link(path, checkpoint_name("last", epoch, trainer.global_step))
            prune(path, keep=1)
        prune(last, keep=KEEP_LAST)

    def _out_of_patience(self) -> bool:
        return bool(self.patience) and self.waited >= self.patience

    def _ask(self, number: int, frame: FrameType | None) -> None:
        """Stop at the next safe place; a second Ctrl-C does not wait for it."""
        if self.asked and number == signal.SIGINT and callable(self.handlers[number]):
            self.handlers[number](number, frame)
        self.asked = number

    def _is_asked(self, trainer: pl.Trainer) -> bool:
        """Whether any process was asked, so that all stop at the same step."""
        return trainer.strategy.reduce_boolean_decision(bool(self.asked), all=False)

    def _stop(self, trainer: pl.Trainer) -> None:
        raise stopped(self.asked or signal.SIGTERM, f"at step {trainer.global_step}, with its state saved")

    def _restore_handlers(self) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        self.handlers = {}
