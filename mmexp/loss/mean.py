"""The mean of what there is not one of per sample, also over processes."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


def mean(total: Tensor, count: Tensor | int, samples: int, everywhere: bool = False) -> Tensor:
    """Divide a sum by the number of its terms, such as tokens; 0 if there are none.

    Over processes, the training takes the mean of each loss weighted by samples. With ``everywhere`` that is the sum of
    all processes over the terms of all.

    Args:
        total: The sum. []
        count: Number of terms. []
        samples: Of the batch here.
        everywhere: Count in all processes, each of which must call this at the same time, also without any term.
    """
    own = torch.as_tensor(count, device=total.device)
    if not everywhere or not dist.is_initialized():
        return total / own.clamp(min=1)
    counts = torch.stack([own.double(), own.new_tensor(samples).double()])
    dist.all_reduce(counts)
    terms, everyone = counts
    share: Tensor = everyone / samples / terms.clamp(min=1)
    return total * share.to(total.dtype)
