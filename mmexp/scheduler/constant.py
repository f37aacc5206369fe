"""Keep the learning rate."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class ConstantScheduler(LambdaLR):
    """Rise linearly to the optimizer's rate over ``warmup`` of the steps, then stay there.

    Source: Goyal et al. 2017, "Accurate, Large Minibatch SGD", sec. 2.2, for the rise.

    Args:
        optimizer: Whose learning rate is set, step by step.
        total_steps: Optimizer steps of the whole run.
        warmup: Share of the steps spent rising, in [0, 1).

    Raises:
        ValueError: If warmup is not in [0, 1).
    """

    def __init__(self, *, optimizer: Optimizer, total_steps: int, warmup: float = 0.0) -> None:
        if not 0 <= warmup < 1:
            raise ValueError(f"ConstantScheduler: warmup must be in [0, 1), got {warmup}.")
        rising = int(total_steps * warmup)
        super().__init__(optimizer, lambda step: min(1.0, (step + 1) / (rising + 1)))
