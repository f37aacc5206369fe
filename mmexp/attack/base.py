"""Attacks change an input, within a ball around it, so that the loss rises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Gradient = Callable[[Tensor], Tensor]
"""Takes values and returns the gradient of the loss with respect to them, of the same shape."""


@dataclass(frozen=True)
class Ball:
    """What an attack may make of the values of a batch: all within a radius of each that are in its range (L-inf).

    Args:
        centre: Values as they are. float [B, ...]
        radius: Of each value, 0 or more; 0 of what must stay as it is, such as padding. Broadcasts to the centre.
        low: Smallest valid value. Broadcasts to the centre.
        high: Largest valid value. Broadcasts to the centre.

    Example:
        >>> ball = Ball(torch.tensor([[10.0, 250.0]]), torch.tensor(8.0), torch.tensor(0.0), torch.tensor(255.0))
        >>> ball.project(torch.tensor([[0.0, 300.0]]))
        tensor([[  2., 255.]])
    """

    centre: Tensor
    radius: Tensor
    low: Tensor
    high: Tensor

    def project(self, values: Tensor) -> Tensor:
        """Move each value to the nearest one within the ball; a centre that is out of range stays possible."""
        low = torch.maximum(self.centre - self.radius, torch.minimum(self.low, self.centre))
        high = torch.minimum(self.centre + self.radius, torch.maximum(self.high, self.centre))
        return torch.minimum(torch.maximum(values, low), high)


class Attack(ABC):
    """Search a ball for values of a larger loss, each sample of a batch by itself.

    Example:
        >>> from mmexp import Attack
        >>> class CornerAttack(Attack):
        ...     def perturb(self, ball, gradient, noise):  # a random corner of the ball, whatever the loss
        ...         return ball.project(ball.centre + ball.radius * noise.sign())
        >>> isinstance(CornerAttack(), Attack)
        True
    """

    @abstractmethod
    def perturb(self, ball: Ball, gradient: Gradient, noise: Tensor) -> Tensor:
        """Return values within the ball.

        Args:
            ball: Around the values of a batch.
            gradient: Of the loss, summed or averaged over the batch: its size says nothing, its sign does.
            noise: Uniform in [-1, 1], drawn for each sample by itself. Of the shape of the centre
        """
