"""A metric's state from all processes."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from torch import Tensor


def gather(state: Tensor, group: Any = None) -> list[Tensor]:
    """The state in each process, in order of rank; to be a metric's ``dist_sync_fn``.

    A process that has seen no sample has an empty one, of another shape and kind; torchmetrics' own function takes that
    for a tensor like the others.
    """
    every: list[Any] = [None] * dist.get_world_size(group)
    dist.all_gather_object(every, state.cpu(), group)
    return [one.to(state.device) for one in every]
