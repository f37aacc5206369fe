"""A run under attack: its inputs are changed along the gradients of its loss, one modality at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from mmexp.attack.base import Attack
from mmexp.attack.space import space_of
from mmexp.config.compose import compose
from mmexp.config.instantiate import instantiate
from mmexp.config.schema import STUDY, key_of, root_of
from mmexp.contract import Batch, Tokens
from mmexp.error import ConfigError
from mmexp.inference.predictor import BatchChange, Predictor
from mmexp.study.scored import Scored
from mmexp.study.studied_run import StudiedRun
from mmexp.training.model import KnownTokens


@dataclass(frozen=True)
class Attacks:
    """The attacks on a run, each with the five sizes of its kind of data.

    Args:
        study: The run.
        chosen: By name.
        seed: Of random starts.
        refused: Why an input is not attacked, by modality.
    """

    study: StudiedRun
    chosen: Mapping[str, Attack]
    seed: int
    refused: Mapping[str, str]

    @property
    def curves(self) -> list[tuple[str, str]]:
        """Each modality that is attacked, with each attack."""
        return [
            (modality, name) for modality in self.study.inputs if modality not in self.refused for name in self.chosen
        ]

    def levels(self, modality: str) -> Sequence[float]:
        """Return the sizes epsilon, the smallest first."""
        return tuple(self._space(modality).LEVELS)

    def unit(self, modality: str) -> str:
        """Say what epsilon is measured in."""
        return str(self._space(modality).UNIT)

    def score(self, modality: str, name: str, severity: int) -> Scored:
        """Evaluate the run under an attack at a severity from 1 to 5."""
        return self.study.score(changed=self.change(modality, name, self.levels(modality)[severity - 1]))

    def change(self, modality: str, name: str, epsilon: float) -> BatchChange:
        """Return what an attack of a size does to batches.

        A random start depends on the sample, the attack, its size and the seed alone; gradients are in float32.
        """
        return BatchChange(modality, partial(self._perturbed, modality, name, epsilon))

    def _perturbed(self, modality: str, name: str, epsilon: float, batch: Batch) -> Batch:
        trained, own = self.study.trained, batch.inputs[modality]
        transform = trained.module.model.transforms[modality]
        space = self._space(modality).space(own, transform, trained.facts.of(modality))
        keys = [zlib.crc32(f"{one}/{name}/{epsilon}".encode()) for one in batch.ids]
        noise = torch.stack([_noise(self.seed, key, space.values.shape[1:]) for key in keys]).to(space.values)
        gradient = partial(loss_gradient, trained, with_tokens(trained, batch, modality), modality)
        found = self.chosen[name].perturb(space.ball(epsilon), lambda values: gradient(values)[0], noise)
        return replace(batch, inputs={**batch.inputs, modality: replace(own, values=found)})

    def _space(self, modality: str) -> ModuleType:
        found = space_of(self.study.trained.module.model.transforms[modality])
        if found is None:
            raise ConfigError(f"robustness: attack must be on continuous values, got {modality}.")
        return found


def attacks_on(study: StudiedRun, chosen: Mapping[str, Attack], seed: int = 0) -> Attacks:
    """Find out which inputs of a run can be attacked.

    Args:
        study: The run.
        chosen: Attacks by name.
        seed: Of random starts.

    Raises:
        ConfigError: If none can be, or the loss of a sample depends on others.
    """
    task = study.trained.task
    if task.contrasts:
        rule = "robustness: attack must be on a task whose loss is of each sample by itself"
        raise ConfigError(f"{rule}, got {type(task).__name__}, which compares the samples of a batch.")
    refused = {name: why for name in study.inputs if (why := why_not(study, name))}
    if len(refused) == len(study.inputs):
        said = "; ".join(f"{name}: {why}" for name, why in refused.items())
        raise ConfigError(f"robustness: attack must be on a run with an input that can be attacked, got none. {said}.")
    return Attacks(study, chosen, seed, refused)


def why_not(study: StudiedRun, modality: str) -> str:
    """Say why an input cannot be attacked; empty if it can."""
    trained = study.trained
    transform = trained.module.model.transforms[modality]
    found = space_of(transform)
    if found is None:
        return f"its values, of kind {study.kind(modality)}, are not continuous, so that no small change exists"
    there = [sample for sample in study.samples if modality in sample.inputs][:2]
    for batch in trained.batches(there, trained.targets, anew=modality):
        try:
            space = found.space(batch.inputs[modality], transform, trained.facts.of(modality))
        except ValueError as fault:
            return str(fault)
        if not bool(space.unit.any()):
            return "it has no number that may change"
        if not loss_gradient(trained, batch, modality, space.values)[1]:
            return "the loss has no gradient with respect to it"
        return ""
    return "no sample has it"


def loss_gradient(trained: Predictor, batch: Batch, modality: str, values: Tensor) -> tuple[Tensor, bool]:
    """Compute the gradient of the loss of a batch with respect to the values of one input.

    The model is as in evaluation: without dropout, with batch norms that keep their statistics, so that no sample
    influences another. What the loss draws at random is the same each time.

    Returns:
        The gradient, of the shape of the values, and whether the loss depends on them at all.
    """
    model, task = trained.module.model, trained.task
    given = values.detach().requires_grad_()
    own = replace(batch.inputs[modality], values=given)
    asked = replace(batch, inputs={**batch.inputs, modality: own})
    with torch.enable_grad(), torch.random.fork_rng(devices=[]), _differentiable(model):
        torch.manual_seed(0)
        loss = torch.stack([one.float() for one in task.losses(model(asked), asked).values()]).sum()
        if not loss.requires_grad:
            return torch.zeros_like(values), False
        (found,) = torch.autograd.grad(loss, given, allow_unused=True)
    return (torch.zeros_like(values), False) if found is None else (found.detach(), True)


def with_tokens(trained: Predictor, batch: Batch, modality: str) -> Batch:
    """Return a batch with tokens in place of all inputs but one, which are then not encoded for each gradient."""
    model = trained.module.model
    others = {name: one for name, one in model.encoders.items() if name != modality and name not in model.task.reads}
    with torch.no_grad():
        found: dict[str, Tokens] = {name: one(batch.inputs[name]) for name, one in others.items()}
    tokens = {name: KnownTokens(one.features, one.mask) for name, one in found.items()}
    return replace(batch, inputs={**batch.inputs, **tokens})


def make_attacks(overrides: Sequence[str]) -> dict[str, Attack]:
    """Build the attacks that are chosen, by name.

    Args:
        overrides: ``attack=[fgsm,pgd]``, ``attack.pgd.steps=20`` and ``plugins=[...]``; others are passed over.

    Raises:
        ConfigError: If there is no such attack, or it takes no such value.
    """
    config = compose([word for word in overrides if root_of(key_of(word)) in (*STUDY, "plugins")])
    nodes = config.plain()["attack"].items()
    return {name: instantiate("attack", node, plugins=config.plugins, at=f"attack.{name}") for name, node in nodes}


@contextmanager
def _differentiable(model: nn.Module) -> Iterator[None]:
    """Leave cuDNN aside for a model with recurrent layers, of which it has no gradients in evaluation."""
    if not any(isinstance(part, nn.RNNBase) and next(part.parameters()).is_cuda for part in model.modules()):
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield


def _noise(seed: int, key: int, shape: Sequence[int]) -> Tensor:
    """Draw the noise of one sample: what is longer by padding begins with the same numbers."""
    drawn = np.random.default_rng((seed, key)).random(shape, np.float32)
    return torch.from_numpy(2 * drawn - 1)
