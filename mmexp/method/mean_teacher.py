"""A model whose weights are a running average of another's."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn


class MeanTeacherCallback(pl.Callback):
    """Keep an exponential moving average of the model that is trained, in evaluation mode.

    The average starts as the plain mean of the first steps: ``decay`` is capped by (step + 1) / (step + 10).

    Source: Tarvainen and Valpola 2017, "Mean teachers are better role models", https://arxiv.org/abs/1703.01780,
    section 2.

    Args:
        decay: Part of the average that each optimizer step keeps, in [0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.model: nn.Module | None = None
        self.student: nn.Module | None = None
        self.saved: Mapping[str, Tensor] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.student = pl_module.model
        self.model = copy.deepcopy(pl_module.model).eval().requires_grad_(False)
        self.model.load_state_dict(self.saved, strict=False)

    @torch.no_grad()
    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.model is None or (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        decay = min(self.decay, (trainer.global_step + 1) / (trainer.global_step + 10))
        newest = pl_module.model.state_dict()
        for name, own in self.model.state_dict().items():
            if own.is_floating_point():
                own.lerp_(newest[name], 1 - decay)
            else:
                own.copy_(newest[name])

    def state_dict(self) -> dict[str, Any]:
        """Return what is averaged: frozen weights are those of the student."""
        if self.model is None or self.student is None:
            return {}
        frozen = {name for name, weight in self.student.named_parameters() if not weight.requires_grad}
        return {"weights": {name: own for name, own in self.model.state_dict().items() if name not in frozen}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.saved = state_dict.get("weights", {})
