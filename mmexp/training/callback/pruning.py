"""Give a run up that does not promise to be the best of its sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytorch_lightning as pl

from mmexp.error import Pruned
from mmexp.training.module import ExperimentModule


class PruningCallback(pl.Callback):
    """Ask after each validation whether to go on; if not, end before the next step, with all of it logged and saved.

    Args:
        prune: Takes the number of the validation, from 1, and the monitored metric, turned so that more is better.

    Raises:
        Pruned: If the run is given up.
    """

    def __init__(self, prune: Callable[[int, float], bool]) -> None:
        self.prune = prune
        self.validations = 0
        self.given_up = ""

    def state_dict(self) -> dict[str, Any]:
        return {"validations": self.validations}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.validations = state_dict["validations"]

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != "fit":
            return
        self.validations += 1
        module = cast(ExperimentModule, pl_module)
        name, sign = f"val/{module.model.task.monitor}", 1.0 if module.model.task.mode == "max" else -1.0
        value = module.results["val"].get(name)
        if value is not None and self.prune(self.validations, sign * value):
            self.given_up = f"{name} of {value:.4g}"

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        if self.given_up:
            raise Pruned(f"Training: given up at step {trainer.global_step} for {self.given_up}.")
