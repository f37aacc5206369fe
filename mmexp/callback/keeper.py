"""Checkpoints: the last ones, the best one, and when to stop."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import pytorch_lightning as pl
from pytorch_lightning.utilities.exceptions import SIGTERMException

from mmexp.run.checkpoints import checkpoint_name, hash_path, listed

KEEP_LAST = 2


class Keeper(pl.Callback):
    """Save after every validation, every ``every`` steps and when asked to stop; stop when nothing gets better.

    A state is saved only where resuming from it is exact: after an optimizer step, and behind the validation that is
    due there.

    Args:
        folder: Where checkpoints go.
        monitor: Metric of the validation that decides, such as ``val/accuracy``.
        mode: Whether less or more of it is better. A value that is not a number is never better.
        per_epoch: Batches per epoch.
        every: Optimizer steps between saves; 0 for none.
        patience: Validations without improvement before stopping; 0 never stops.
        before_save: Called first; raises if the state is not worth keeping.
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
        self.asked: int = 0

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.waited = state_dict["best"], state_dict["waited"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        """Stop at the next safe place; a second Ctrl-C stops at once."""
        if self.asked and signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = signum

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        if self.asked:
            trainer._signal_connector.received_sigterm = True
        due = (batch_idx + 1) % trainer.val_check_batch == 0
        if self.every and trainer.global_step % self.every == 0 and not due:
            self.save(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != "fit":
            return
        value = self.sign * pl_module.results["val"].get(self.monitor, math.nan)  # type: ignore[index,operator,union-attr]
        better = value > self.best
        self.best, self.waited = (value, 0) if better else (self.best, self.waited + 1)
        saved = self.save(trainer)
        if better and trainer.is_global_zero:
            self._promote(saved)
        trainer.should_stop = trainer.should_stop or bool(self.patience and self.waited >= self.patience)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if isinstance(exception, SIGTERMException):
            self.save(trainer)

    def save(self, trainer: pl.Trainer) -> Path:
        """Write ``last-...``, keeping the newest few. All processes take part."""
        self.before_save(trainer)
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        path = self.folder / checkpoint_name("last", batches // self.per_epoch, trainer.global_step)
        trainer.save_checkpoint(path)
        if trainer.is_global_zero:
            for old in listed(self.folder, "last")[KEEP_LAST:]:
                trainer.strategy.remove_checkpoint(old)
        return path

    def _promote(self, saved: Path) -> None:
        """Give the file just saved a second name, ``best-...``, and drop the former best."""
        best = saved.with_name(saved.name.replace("last", "best", 1))
        former = [path for path in listed(self.folder, "best") if path != best]
        for source, name in ((hash_path(saved), hash_path(best)), (saved, best)):
            name.unlink(missing_ok=True)
            os.link(source, name)
        for path in former:
            path.unlink()
            hash_path(path).unlink(missing_ok=True)
