"""Weigh the losses of several tasks that share a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Balancing = Literal["fixed", "uncertainty", "gradnorm"]
RATE = 0.025  # of the steps that weights take by themselves, as in GradNorm's paper


class TaskWeighting(nn.Module, ABC):
    """Weigh losses. What it learns about them moves in steps of its own, while training, and is part of the model.

    A loss of exactly 0 is that of a task without any target in the batch: it leaves its weight where it is.

    Args:
        weights: What each loss counts at first, by name.
    """

    def __init__(self, *, weights: Mapping[str, float]) -> None:
        super().__init__()
        self.names = tuple(weights)

    @abstractmethod
    def forward(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor]) -> dict[str, Tensor]:
        """Terms to be summed and minimised, by name.

        Args:
            losses: Scalars, one for each name.
            shared: What all of them were computed from, such as the tokens that the encoders gave.
        """

    def weigh(self, losses: Mapping[str, Tensor], weights: Tensor) -> dict[str, Tensor]:
        """Each loss times its weight. weights [T]"""
        return {name: weight * losses[name] for name, weight in zip(self.names, weights, strict=True)}

    def stacked(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The losses as numbers, in order. [T]"""
        return torch.stack([losses[name].detach().float() for name in self.names])


class FixedWeighting(TaskWeighting):
    """Keep the weights as they are given."""

    weights: Tensor

    def __init__(self, *, weights: Mapping[str, float]) -> None:
        super().__init__(weights=weights)
        self.register_buffer("weights", torch.tensor(list(weights.values())), persistent=False)

    def forward(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor]) -> dict[str, Tensor]:
        return self.weigh(losses, self.weights)


class UncertaintyWeighting(TaskWeighting):
    """Weigh each loss by how sure its task can be: ``sum_i exp(-s_i) L_i + s_i / 2``, with ``s_i = log sigma_i^2``.

    Source: Kendall et al. 2018, "Multi-Task Learning Using Uncertainty to Weigh Losses",
    https://arxiv.org/abs/1705.07115, eq. 10, the form for classes; of a squared error (eq. 7) half as much would be
    taken, which shifts its ``s`` by ``log 2``. Differs: ``s`` takes plain gradient steps, no longer than RATE, so that
    neither the optimizer's learning rate nor its clipping decides how fast the weights follow.

    Args:
        weights: What each loss counts at first, by name.
    """

    log_variance: Tensor

    def __init__(self, *, weights: Mapping[str, float]) -> None:
        super().__init__(weights=weights)
        self.register_buffer("log_variance", -torch.tensor(list(weights.values())).log())

    def forward(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor]) -> dict[str, Tensor]:
        sure = (-self.log_variance).exp()
        terms = {**self.weigh(losses, sure), "uncertainty": self.log_variance.sum() / 2}
        if self.training:
            numbers = self.stacked(losses)
            gradient = (1 / 2 - sure * numbers).clamp(-1, 1)
            self.log_variance -= RATE * gradient * (numbers != 0)
        return terms


class GradNormWeighting(TaskWeighting):
    """Weigh the losses so that all have the same gradient norm, larger the less a loss has fallen so far.

    With ``G_i`` the norm of the gradient of ``w_i L_i`` with respect to what is shared, and ``r_i`` what is left of the
    first ``L_i`` over the mean of that, the weights descend on ``sum_i |G_i - mean(G) r_i^alpha|``, whose second term
    counts as constant; they keep their sum T, the number of losses.

    Source: Chen et al. 2018, "GradNorm", https://arxiv.org/abs/1711.02257, eqs. 1 and 2 and algorithm 1. Differs: what
    is shared are the tokens that the encoders give, not the weights of one layer; the steps are those of ``log w_i``,
    relative to ``mean(G)``, so that weights stay positive and the scale of the losses decides nothing.

    Args:
        weights: What each loss counts at first, by name; scaled to the sum T.
        alpha: How much more a task that lags behind counts; 0 gives all the same gradient norm.
    """

    weights: Tensor
    first: Tensor

    def __init__(self, *, weights: Mapping[str, float], alpha: float) -> None:
        super().__init__(weights=weights)
        self.alpha = alpha
        given = torch.tensor(list(weights.values()))
        self.register_buffer("weights", given * len(given) / given.sum())
        self.register_buffer("first", torch.zeros(len(given)))

    def forward(self, losses: Mapping[str, Tensor], shared: Sequence[Tensor]) -> dict[str, Tensor]:
        terms = self.weigh(losses, self.weights.clone())
        if self.training and torch.is_grad_enabled():
            norms = [gradient_norm(losses[name], shared) for name in self.names]
            self.step(self.stacked(losses), torch.stack(norms))
        return terms

    @torch.no_grad()
    def step(self, losses: Tensor, norms: Tensor) -> None:
        """Move the weights. Losses [T] and the norms of their gradients [T], both as they are without weights"""
        there = norms > 0
        count = there.sum().clamp(min=1)
        self.first.copy_(torch.where(there & (self.first == 0), losses, self.first))
        left = torch.where(there, losses / self.first, 0)
        pull = self.weights * norms
        mean = pull.sum() / count
        target = mean * (left * count / left.sum()).nan_to_num() ** self.alpha
        slope = torch.where(there, torch.sign(pull - target) * pull / mean, 0)
        weights = self.weights * (-RATE * slope).exp()
        self.weights.copy_(weights * len(weights) / weights.sum())


def gradient_norm(loss: Tensor, shared: Sequence[Tensor]) -> Tensor:
    """Compute the norm of the gradient with respect to all that is shared; 0 where it needs none."""
    shared = [own for own in shared if own.requires_grad]
    if not shared or not loss.requires_grad:
        return loss.new_zeros((), dtype=torch.float)
    gradients = torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True)
    squares = [own.float().square().sum() for own in gradients if own is not None]
    return torch.stack([loss.new_zeros((), dtype=torch.float), *squares]).sum().sqrt()


def make_weighting(name: Balancing, weights: Mapping[str, float], alpha: float) -> TaskWeighting:
    """The balance of that name.

    Raises:
        ValueError: If there is none, or a weight is not positive.
    """
    if name not in (known := get_args(Balancing)):
        raise ValueError(f"MultiTask: balance must be one of {', '.join(known)}, got {name!r}.")
    if wrong := [f"{key}: {value}" for key, value in weights.items() if not value > 0]:
        raise ValueError(f"MultiTask: weights must be positive, got {wrong[0]}.")
    if name == "gradnorm":
        return GradNormWeighting(weights=weights, alpha=alpha)
    return UncertaintyWeighting(weights=weights) if name == "uncertainty" else FixedWeighting(weights=weights)
