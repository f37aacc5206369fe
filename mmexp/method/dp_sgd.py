"""Differentially private stochastic gradient descent."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.error import ConfigError
from mmexp.method.per_sample import Objective, PerSampleGradients
from mmexp.method.privacy import Privacy
from mmexp.sampler.poisson import PoissonSampler


class DPSGDCallback(pl.Callback):
    """Clip the gradient of each sample, add Gaussian noise to their sum, and account for it.

    The sum is divided by the expected size of a batch. The noise comes from a generator of its own, which begins with
    the seed of the run and is part of its state.

    Logged: ``val/epsilon``, what the steps before a validation cost, with its metrics.

    Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, algorithm 1.

    Args:
        plan: Returns the privacy of a step from the numbers of samples, of samples per batch, and of steps.
        max_grad_norm: Norm that the gradient of a sample is clipped at.
        physical_batch_size: Samples whose gradients are in memory at the same time.

    Attributes:
        privacy: Of a step; None before training.
        steps: Taken so far.

    Raises:
        ConfigError: If the loop does something that would make epsilon untrue.
    """

    def __init__(
        self, *, plan: Callable[[int, int, int], Privacy], max_grad_norm: float, physical_batch_size: int
    ) -> None:
        self.plan, self.max_grad_norm, self.physical_batch_size = plan, max_grad_norm, physical_batch_size
        self.privacy: Privacy | None = None
        self.steps = 0
        self.names: list[str] = ["loss"]
        self.at_once: bool | None = None
        self.optimizer: Any = None
        self.expected = 1
        self._noise_state: Tensor | None = None
        self._gradients: PerSampleGradients | None = None

    def setup(self, trainer: pl.Trainer, pl_module: Any, stage: str) -> None:
        if stage != "fit":
            return
        scaler, sampler = getattr(trainer.precision_plugin, "scaler", None), trainer.datamodule.sampler  # type: ignore[attr-defined]
        mixing = [type(one).__name__ for one in pl_module.augments if one.mixes]
        refused = {
            "hardware.devices": ("1", trainer.world_size, trainer.world_size > 1),
            "training.accumulate": (
                "1, as method.physical_batch_size bounds the memory",
                trainer.accumulate_grad_batches,
                trainer.accumulate_grad_batches > 1,
            ),
            "hardware.precision": ("32-true or bf16-mixed", trainer.precision, scaler is not None),
            "sampler": ("null: its batches are Poisson samples", type(sampler).__name__, not _is_poisson(sampler)),
            "augment": ("one that mixes no samples", ", ".join(mixing), bool(mixing)),
        }
        for key, (rule, value, wrong) in refused.items():
            if wrong:
                raise ConfigError(f"{key} must be {rule} with method=private, got {value}.")

    def on_train_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        from opacus.optimizers import DPOptimizer

        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        size, batch_size = len(data.samples["train"]), data.training.batch_size
        self.privacy = self.privacy or self.plan(size, batch_size, int(trainer.max_steps))
        self.expected = min(size, batch_size)
        generator = torch.Generator(pl_module.device)
        generator.manual_seed(int(hashlib.sha256(f"{pl_module.seed}/noise".encode()).hexdigest()[:15], 16))
        if self._noise_state is not None:
            generator.set_state(self._noise_state.cpu())
        self.optimizer = DPOptimizer(
            trainer.optimizers[0],
            noise_multiplier=self.privacy.noise_multiplier,
            max_grad_norm=self.max_grad_norm,
            expected_batch_size=self.expected,
            generator=generator,
        )

    def step(self, model: nn.Module, objective: Objective, batch: Batch) -> dict[str, Tensor]:
        """Compute and clip the gradients of the samples of a batch.

        Returns:
            The sum of each loss over the expected size of a batch; what it is differentiated by are no weights.
        """
        gradients = self._gradients = self._gradients or PerSampleGradients(model, objective, self.at_once)
        sums: dict[str, Tensor] = {}
        self.optimizer.zero_grad(set_to_none=True)
        for first in range(0, len(batch), self.physical_batch_size):
            if first:
                self.optimizer.clip_and_accumulate()
            found, losses = gradients(batch.rows(slice(first, first + self.physical_batch_size)))
            for name, weight in gradients.weights.items():
                weight.grad_sample = found[name]  # type: ignore[attr-defined]
            sums = {name: sums.get(name, 0.0) + value.sum() for name, value in losses.items()}
        if not len(batch):
            for weight in gradients.weights.values():
                weight.grad_sample = weight.new_zeros(0, *weight.shape)  # type: ignore[attr-defined]
            sums = dict.fromkeys(self.names, next(iter(gradients.weights.values())).new_zeros(()))
        self.names, self.at_once = list(sums), gradients.at_once
        return {name: (value.detach() / self.expected).requires_grad_() for name, value in sums.items()}

    def on_after_backward(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.optimizer.pre_step()  # clips the rest, adds noise, divides
        self.steps += 1

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        epsilon = self.epsilon if (batch_idx + 1) % int(trainer.val_check_interval) == 0 else math.inf
        if math.isfinite(epsilon):
            pl_module.log("val/epsilon", epsilon, batch_size=1)

    @property
    def epsilon(self) -> float:
        """What the steps so far cost."""
        return self.privacy.epsilon(self.steps) if self.privacy else 0.0

    def state_dict(self) -> dict[str, Any]:
        state = self.optimizer.generator.get_state() if self.optimizer else self._noise_state
        known = {"privacy": asdict(self.privacy) if self.privacy else None, "steps": self.steps}
        return {**known, "names": self.names, "at_once": self.at_once, "noise": state}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.privacy = Privacy(**state_dict["privacy"]) if state_dict["privacy"] else None
        self.steps, self.names, self.at_once = state_dict["steps"], state_dict["names"], state_dict["at_once"]
        self._noise_state = state_dict["noise"]


def _is_poisson(sampler: Any) -> bool:
    return type(sampler) is PoissonSampler
