"""Differentially private training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn

from mmexp.contract import Batch
from mmexp.encoder.backbone import pretrained_parts
from mmexp.error import ConfigError
from mmexp.method.base import Method
from mmexp.method.dp_sgd import DPSGDCallback
from mmexp.method.frozen import FrozenMethod
from mmexp.method.full import FullMethod
from mmexp.method.privacy import Privacy, noise_for
from mmexp.sampler.base import Sampler
from mmexp.sampler.poisson import PoissonSampler

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class PrivateMethod(Method):
    """Train by differentially private SGD, so that weights say little of any one training sample.

    Each batch is a Poisson sample. The gradient of each sample alone is clipped, and Gaussian noise added to their sum,
    by Opacus; the optimizer and ``training.clip`` see nothing else. A batch norm that would be trained becomes a group
    norm.

    Epsilon covers the trained weights, of all checkpoints together, and one sample: a row of the table. It does not
    cover what is read of the training split before (``facts.json``: classes, words, statistics), what weights start
    from (``pretrained=RUN``), the losses of training in ``metrics.jsonl``, nor the choice of arguments by several runs.
    The noise repeats by the seed of the run, and ``secure_mode`` of Opacus is off: who knows the seed can subtract it,
    so ``config.yaml`` and checkpoints, which hold the state of its generator, must stay with who may see the data.

    Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, algorithm 1;
    Yousefpour et al. 2021, "Opacus", https://arxiv.org/abs/2109.12298.

    Args:
        epsilon: What the whole run may cost; None for as much as noise_multiplier says, which is no bound without one.
        noise_multiplier: Standard deviation of the noise over max_grad_norm, instead of epsilon; None without epsilon
            adds no noise, and only clips.
        delta: Probability with which epsilon may not hold; None takes one over the number of training samples.
        max_grad_norm: Norm that the gradient of a sample is clipped at.
        accountant: ``prv`` (tighter) or ``rdp``.
        physical_batch_size: Samples whose gradients are in memory at the same time; changes nothing else.
        trains: Chooses the weights that are trained; None takes all but those of pretrained backbones.

    Raises:
        ValueError: If a number is out of range, or epsilon and noise_multiplier are both given.
        ConfigError: If Opacus is not installed, the task compares samples, the sampler is another one, or trains does
            more than choose weights.
    """

    def __init__(
        self,
        *,
        epsilon: float | None = 8.0,
        noise_multiplier: float | None = None,
        delta: float | None = None,
        max_grad_norm: float = 1.0,
        accountant: str = "prv",
        physical_batch_size: int = 64,
        trains: Method | None = None,
    ) -> None:
        if epsilon is not None and noise_multiplier is not None:
            rule = "PrivateMethod: epsilon must be null where noise_multiplier is given"
            raise ValueError(f"{rule}, got {epsilon} and {noise_multiplier}.")
        ranges = {
            "epsilon": (epsilon, "positive", epsilon is None or epsilon > 0),
            "noise_multiplier": (noise_multiplier, "positive", noise_multiplier is None or noise_multiplier > 0),
            "delta": (delta, "in (0, 1)", delta is None or 0 < delta < 1),
            "max_grad_norm": (max_grad_norm, "positive", max_grad_norm > 0),
            "accountant": (accountant, "prv or rdp", accountant in ("prv", "rdp")),
            "physical_batch_size": (physical_batch_size, "at least 1", physical_batch_size >= 1),
        }
        for name, (value, rule, holds) in ranges.items():
            if not holds:
                raise ValueError(f"PrivateMethod: {name} must be {rule}, got {value}.")
        self.epsilon, self.noise_multiplier, self.delta = epsilon, noise_multiplier, delta
        self.max_grad_norm, self.accountant, self.trains = max_grad_norm, accountant, trains
        self.physical_batch_size = physical_batch_size
        self._plans: dict[tuple[int, int, int], Privacy] = {}

    def prepare(self, model: nn.Module) -> None:
        chosen = self.trains or (FrozenMethod() if pretrained_parts(model) else FullMethod())
        refuse_more(chosen)
        chosen.prepare(model)
        if getattr(model.task, "contrasts", False):
            name = type(model.task).__name__
            rule = "method: task must have a loss of each sample alone to be trained privately"
            raise ConfigError(f"{rule}, got {name}, which compares the samples of a batch.", "Set method=full.")
        replace_batch_norms(model)

    def scale(self, name: str) -> float:
        return self.trains.scale(name) if self.trains else 1.0

    def sampler(self, given: Sampler | None) -> Sampler:
        refuse_without_opacus()
        if given is not None:
            rule = "sampler must be null with method=private, which draws Poisson samples"
            raise ConfigError(f"{rule}, got {type(given).__name__}.", "Set sampler=null.")
        return PoissonSampler()

    def plan(self, size: int, batch_size: int, steps: int) -> Privacy:
        """Return the privacy of a step: its noise is that of which all steps together cost epsilon.

        Args:
            size: Samples of the training split.
            batch_size: Of them in a batch on average.
            steps: Of the whole run.
        """
        key = size, batch_size, steps
        if key not in self._plans:
            rate, delta = PoissonSampler.rate(size, batch_size), self.delta or 1 / max(size, 2)
            noise = self.noise_multiplier or 0.0
            if self.epsilon is not None:
                known: dict[str, Any] = {"sample_rate": rate, "steps": steps, "accountant": self.accountant}
                noise = noise_for(self.epsilon, delta=delta, **known)
            self._plans[key] = Privacy(noise, rate, delta, self.accountant)
        return self._plans[key]

    def notes(self, *, size: int, batch_size: int, steps: int, pretrained: str | None) -> list[str]:
        own = self.plan(size, batch_size, steps)
        draws = f"{steps} Poisson samples, each of a rate of {own.sample_rate:.3g}"
        if not own.noise_multiplier:
            return [f"method: gradients are clipped without noise, so nothing is private; {draws}"]
        guessed = "" if self.delta else f", which is 1 / {size} samples (method.delta sets it)"
        bound = f"epsilon {own.epsilon(steps):.3g} at delta {own.delta:.3g}{guessed}"
        start = [f"method: epsilon does not cover what pretrained={pretrained} was trained on"] if pretrained else []
        return [
            f"method: {bound}: noise multiplier {own.noise_multiplier:.3g}, {draws}",
            "method: epsilon covers the weights, not facts.json nor the losses of training, while the seed is secret",
            *start,
        ]

    @cached_property
    def _sgd(self) -> DPSGDCallback:
        return DPSGDCallback(
            plan=self.plan, max_grad_norm=self.max_grad_norm, physical_batch_size=self.physical_batch_size
        )

    def callbacks(self) -> Sequence[pl.Callback]:
        return [self._sgd]

    def step(
        self, model: nn.Module, objective: Callable[[Batch], dict[str, Tensor]], batch: Batch
    ) -> dict[str, Tensor]:
        return self._sgd.step(model, objective, batch)

    def summary(self) -> Mapping[str, Any]:
        done = self._sgd
        if done.privacy is None:
            return {}
        epsilon = done.epsilon
        own = {"epsilon": epsilon if math.isfinite(epsilon) else None, "delta": done.privacy.delta, "steps": done.steps}
        own |= {"noise_multiplier": done.privacy.noise_multiplier, "max_grad_norm": self.max_grad_norm}
        return {"privacy": {**own, "sample_rate": done.privacy.sample_rate, "accountant": done.privacy.accountant}}


def refuse_without_opacus() -> None:
    """Make sure that Opacus is installed.

    Raises:
        ConfigError: If it is not.
    """
    try:
        import opacus  # noqa: F401
    except ImportError as fault:
        rule = "method: opacus, of the extra private, must be installed to train privately, got none"
        raise ConfigError(f"{rule}.", "Run: pip install opacus") from fault


def refuse_more(method: Method) -> None:
    """Make sure that a method does no more than choose weights.

    Raises:
        ConfigError: If it does.
    """
    plain = type(method).losses is Method.losses and type(method).step is Method.step
    if not plain or method.teacher is not None or method.unlabeled or method.callbacks():
        rule = "method.trains must be one that only chooses the weights, such as frozen or lora"
        raise ConfigError(f"{rule}, got {type(method).__name__}.")


def replace_batch_norms(model: nn.Module) -> None:
    """Put a group norm, which reads one sample alone, in place of each batch norm whose weights are trained."""
    for name, norm in list(model.named_modules()):
        if type(norm) in BATCH_NORMS and any(weight.requires_grad for weight in norm.parameters()):
            refuse_without_opacus()
            from opacus.validators import ModuleValidator

            place, _, own = name.rpartition(".")
            setattr(model.get_submodule(place), own, ModuleValidator.fix(norm))
