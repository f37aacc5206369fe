"""Warm up, then fall along half a cosine."""

from __future__ import annotations

from math import cos, pi

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class CosineScheduler(LambdaLR):
    """Rise linearly to the optimizer's rate, then fall to ``floor`` of it along half a cosine.

    Source: Loshchilov and Hutter 2017, "SGDR", eq. 5, without restarts.

    Args:
        optimizer: Whose learning rate is set, step by step.
        total_steps: Optimizer steps of the whole run.
        warmup: Share of the steps spent rising, in [0, 1).
        floor: Last rate over the highest.

    Raises:
        ValueError: If warmup is not in [0, 1).
    """

    def __init__(self, *, optimizer: Optimizer, total_steps: int, warmup: float = 0.05, floor: float = 0.01) -> None:
        if not 0 <= warmup < 1:
            raise ValueError(f"CosineScheduler: warmup must be in [0, 1), got {warmup}.")
        rising = int(total_steps * warmup)

        def rate(step: int) -> float:
            if step < rising:
                return (step + 1) / (rising + 1)
            share = min(1.0, (step - rising) / max(1, total_steps - rising))
            return floor + (1 - floor) * (1 + cos(pi * share)) / 2

        super().__init__(optimizer, rate)
