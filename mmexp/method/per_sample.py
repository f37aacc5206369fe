"""Gradients of each sample of a batch alone."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.overrides import TorchFunctionMode

from mmexp.contract import Batch
from mmexp.error import ConfigError

Named = dict[str, Tensor]
Objective = Callable[[Batch], Named]
FEW = 2
"""Samples on which the two ways are compared."""


class PerSampleGradients:
    """Compute the gradients of an objective on each sample of a batch, as if it were the only one.

    So a sample has no influence on the gradient of another one, whatever the model and the loss. Samples of equal
    targets are computed at once where ``torch.func.vmap`` can, as losses often choose what they compute by the targets;
    else all one after another. Which of the two is found on the first batch, where both must agree, in evaluation mode.

    Source: Goodfellow 2015, "Efficient Per-Example Gradient Computations", https://arxiv.org/abs/1510.01799; ``vmap``
    instead of rules for each layer, which take the first dimension of whatever a layer reads for that of samples.

    Args:
        model: Whose trained weights they are the gradients of.
        objective: Returns the losses of a batch by name, with the model.
        at_once: Whether ``vmap`` can; None to find out on the first batch.

    Raises:
        ConfigError: If the model keeps statistics of what it reads, or an objective cannot be computed on one sample.
    """

    def __init__(self, model: nn.Module, objective: Objective, at_once: bool | None = None) -> None:
        self.model, self.objective, self.at_once = model, objective, at_once
        self._module = _Objective(model, objective)

    def __call__(self, batch: Batch) -> tuple[Named, Named]:
        """Return gradients by weight, [B, ...] each, and losses by name, [B] each.

        Args:
            batch: At least one sample.
        """
        buffers: Named = {}
        if self.at_once is None:
            buffers = {name: value.clone() for name, value in self.model.named_buffers()}
            with torch.random.fork_rng(devices={one.device for one in self.weights.values() if one.is_cuda}):
                self.at_once = self._agree(batch.rows(slice(FEW)))
        gradients, losses = self.vectorized(batch) if self.at_once else self.one_by_one(batch)
        refuse_statistics(self.model, buffers)
        return _finite(gradients), losses

    @property
    def weights(self) -> Named:
        """The weights that are trained, by name."""
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def vectorized(self, batch: Batch) -> tuple[Named, Named]:
        """Compute samples of equal targets at once."""
        equal: dict[Any, list[int]] = {}
        for row in range(len(batch)):
            equal.setdefault(_plain(batch.rows(slice(row, row + 1)).targets), []).append(row)
        parts = [self._together(batch, rows) for rows in equal.values()]
        places = torch.tensor([row for rows in equal.values() for row in rows]).argsort()
        found: list[Named] = []
        for each in zip(*parts, strict=True):
            joined = {name: torch.cat([own[name] for own in each]) for name in each[0]}
            found.append({name: own[places.to(own.device)] for name, own in joined.items()})
        return found[0], found[1]

    def _together(self, batch: Batch, rows: list[int]) -> tuple[Named, Named]:
        """Compute samples whose targets are equal."""
        tensors: list[Tensor] = []

        def take(tensor: Tensor) -> Tensor:
            tensors.append(tensor[rows])
            return tensor

        _rebuilt(batch.inputs, take)
        one = replace(batch.rows(slice(rows[0], rows[0] + 1)), inputs=batch.inputs, ids=_Unreadable(), files=())
        with warnings.catch_warnings(), _AnyLayout():
            warnings.filterwarnings("ignore", "There is a performance drop")
            mapped = vmap(grad(partial(self._one, one), has_aux=True), in_dims=(None, 0), randomness="different")
            weights = {name: weight.detach() for name, weight in self.weights.items()}
            found: tuple[Named, Named] = mapped(weights, tensors)
        return found

    def one_by_one(self, batch: Batch) -> tuple[Named, Named]:
        """Compute one sample after another."""
        weights, rows = self.weights, [batch.rows(slice(i, i + 1)) for i in range(len(batch))]
        pairs = [_gradients(list(weights.values()), self._losses_of(row)) for row in rows]
        gradients = [torch.stack(own) for own in zip(*(own for own, _ in pairs), strict=True)]
        losses = {name: torch.stack([own[name] for _, own in pairs]) for name in pairs[0][1]}
        return dict(zip(weights, gradients, strict=True)), losses

    def _one(self, batch: Batch, weights: Named, tensors: Sequence[Tensor]) -> tuple[Tensor, Named]:
        """Losses of one sample as a function of the weights; the tensors are those of its inputs, without [B]."""
        given = iter(tensors)
        one = replace(batch, inputs=_rebuilt(batch.inputs, lambda tensor: next(given).unsqueeze(0)))
        losses: Named = functional_call(self._module, {f"model.{name}": own for name, own in weights.items()}, (one,))
        return torch.stack(list(losses.values())).sum(), {name: value.detach() for name, value in losses.items()}

    def _losses_of(self, row: Batch) -> Named:
        try:
            return self.objective(row)
        except ValueError as fault:
            rule = "method: model must have a loss of one sample alone"
            raise ConfigError(f"{rule}, got: {fault}", "Set method=full.") from fault

    def _agree(self, batch: Batch) -> bool:
        """Whether both ways give the same without dropout, and the faster one works with it."""
        self.model.eval()
        try:
            (fast, _), (slow, _) = self.vectorized(batch), self.one_by_one(batch)
            scale = max(float(own.abs().max()) for own in slow.values())
            wrong = [name for name in slow if not torch.allclose(fast[name], slow[name], 1e-2, 1e-4 * scale)]
            reason = f"{wrong[0]} differs" if wrong else ""
            self.model.train()
            self.vectorized(batch)
        except Exception as fault:  # whatever a part does that has no vectorized form
            reason = f"{type(fault).__name__}: {str(fault).strip().partition(chr(10))[0]}"
        finally:
            self.model.train()
        if reason:
            message = "Gradients of samples are computed one after another, which is slower, as vmap cannot: %s"
            logging.getLogger(__name__).info(message, reason)
        return not reason


class _Objective(nn.Module):
    """An objective as a module that holds the weights of the model."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch) -> Named:
        return self.objective(batch)


class _AnyLayout(TorchFunctionMode):
    """Leave the order of a tensor in memory to torch, as ``vmap`` has no other, and no value depends on it."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return func(*args, **({} if func is Tensor.contiguous else kwargs or {}))


class _Unreadable(tuple[str, ...]):
    """Stands for the id of one of several samples that are computed at once."""

    __slots__ = ()

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> NoReturn:
        raise TypeError("ids are read")

    def __iter__(self) -> NoReturn:
        raise TypeError("ids are read")


def _rebuilt(value: Any, replaced: Callable[[Tensor], Tensor]) -> Any:
    """Replace every tensor in dataclasses and dicts, always in the same order.

    Raises:
        TypeError: If there is anything else than tensors.
    """
    if isinstance(value, Tensor):
        return replaced(value)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{one.name: _rebuilt(getattr(value, one.name), replaced) for one in fields(value)})
    if isinstance(value, dict):
        return type(value)({key: _rebuilt(item, replaced) for key, item in value.items()})
    raise TypeError(f"inputs hold a {type(value).__name__}")


def _plain(value: Any) -> Any:
    """Return what is equal only for equal values."""
    if isinstance(value, Tensor):
        return tuple(value.shape), tuple(value.flatten().tolist())
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_plain(getattr(value, one.name)) for one in fields(value))
    if isinstance(value, dict):
        return tuple((key, _plain(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return value if isinstance(value, str | int | float | None) else object()


def _gradients(weights: list[Tensor], losses: Named) -> tuple[Sequence[Tensor], Named]:
    total = torch.stack(list(losses.values())).sum()
    if total.requires_grad:
        own: Sequence[Tensor] = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    else:
        own = [torch.zeros_like(weight) for weight in weights]
    return own, {name: value.detach() for name, value in losses.items()}


def _finite(gradients: Named) -> Named:
    """Count a sample whose gradient is not finite as zero, as it cannot be clipped."""
    sound = torch.stack([own.flatten(1).isfinite().all(1) for own in gradients.values()]).all(0)  # [B]
    if bool(sound.all()):
        return gradients
    message = "The gradients of %d of %d samples are not finite, and count as zero."
    logging.getLogger(__name__).warning(message, int((~sound).sum()), len(sound))
    return {name: torch.where(sound.view(-1, *[1] * (own.ndim - 1)), own, 0.0) for name, own in gradients.items()}


def refuse_statistics(model: nn.Module, before: Named) -> None:
    """Make sure that a model has learnt nothing of its batch but by gradients.

    Args:
        model: After a training step.
        before: Its buffers before it.

    Raises:
        ConfigError: If a buffer has changed.
    """
    now = dict(model.named_buffers())
    if changed := [name for name, value in before.items() if not torch.equal(value, now[name])]:
        place, _, name = changed[0].rpartition(".")
        part = f"{type(model.get_submodule(place)).__name__} at {place}"
        rule = "method: model must keep no statistics of what it reads, which no noise would hide"
        raise ConfigError(f"{rule}, got {name} of {part}.", "Choose another part, or set method=full.")
