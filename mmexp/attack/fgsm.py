"""The fast gradient sign method."""

from __future__ import annotations

from torch import Tensor

from mmexp.attack.base import Attack, Ball, Gradient


class FgsmAttack(Attack):
    """Take one step to the edge of the ball: ``x + epsilon sign(gradient of the loss at x)``.

    Source: Goodfellow et al. 2015, "Explaining and Harnessing Adversarial Examples", https://arxiv.org/abs/1412.6572,
    sec. 4.
    """

    def perturb(self, ball: Ball, gradient: Gradient, noise: Tensor) -> Tensor:
        return ball.project(ball.centre + ball.radius * gradient(ball.centre).sign())
