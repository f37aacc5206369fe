"""Projected gradient descent, on the negative loss."""

from __future__ import annotations

from torch import Tensor

from mmexp.attack.base import Attack, Ball, Gradient


class PgdAttack(Attack):
    """Take steps along the sign of the gradient, each projected back: ``x <- P(x + a epsilon sign(gradient at x))``.

    Source: Madry et al. 2018, "Towards Deep Learning Models Resistant to Adversarial Attacks",
    https://arxiv.org/abs/1706.06083, sec. 2.1, L-inf. The last of the steps counts, from one start.

    Args:
        steps: Number of steps.
        step_size: Of each step, ``a``, as a share of epsilon.
        random_start: Whether to begin anywhere in the ball, uniformly; at its centre otherwise.

    Raises:
        ValueError: If steps < 1, or step_size is not positive.
    """

    def __init__(self, *, steps: int = 10, step_size: float = 0.25, random_start: bool = True) -> None:
        if steps < 1:
            raise ValueError(f"PgdAttack: steps must be at least 1, got {steps}.")
        if not step_size > 0:
            raise ValueError(f"PgdAttack: step_size must be positive, got {step_size}.")
        self.steps, self.step_size, self.random_start = steps, step_size, random_start

    def perturb(self, ball: Ball, gradient: Gradient, noise: Tensor) -> Tensor:
        values = ball.project(ball.centre + ball.radius * noise) if self.random_start else ball.centre
        for _ in range(self.steps):
            values = ball.project(values + self.step_size * ball.radius * gradient(values).sign())
        return values
