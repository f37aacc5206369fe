"""Whether graphs give what a model gives, on samples in other numbers and lengths than they were traced with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmexp.contract import Batch, Sample
from mmexp.error import MmexpError
from mmexp.training.datamodule import PreparedSplit
from mmexp.transform.base import Transform

LIMIT = 1e-4
"""Largest absolute error of a graph that is kept."""
MOST = 32  # samples that are read


@dataclass(frozen=True)
class Trial:
    """Real samples to trace a graph with, and others to compare it on.

    Args:
        example: Batch that the graph is traced with.
        others: Batches of other sizes and, where the samples have any, other lengths.
    """

    example: Batch
    others: Sequence[Batch]

    @staticmethod
    def of(samples: Sequence[Sample], transforms: Mapping[str, Transform]) -> Trial:
        """Choose from the first samples of a split: three to trace with, the shortest, two, and all to compare on.

        Raises:
            MmexpError: If there is no sample.
        """
        number = min(len(samples), MOST)
        if not number:
            raise MmexpError("export: samples must be at least 1, got 0.")
        split = PreparedSplit(samples, inputs=transforms, targets={}, seed=None)
        prepared = [split.prepare(row) for row in range(number)]
        order = sorted(range(number), key=lambda row: sum(lengths(split.collate([prepared[row]])).values()))

        def batch(*places: int) -> Batch:
            return split.collate([prepared[order[min(place, number - 1)]] for place in places])

        half = number // 2
        return Trial(batch(half, half + 1, number - 1), [batch(0), batch(0, 1), batch(*range(number))])

    def compare(self, error: Callable[[Batch], float]) -> list[dict[str, Any]]:
        """Return the size, the lengths and the largest absolute error of each batch but the example.

        Raises:
            MmexpError: If an error is above ``LIMIT``.
        """
        errors = [error(one) for one in self.others]
        worst = max(errors)
        if not worst <= LIMIT:
            rule = f"largest absolute error must be at most {LIMIT:g}"
            raise MmexpError(f"export: {rule}, got {worst:.3g}. Nothing is kept.")
        pairs = zip(self.others, errors, strict=True)
        return [{"samples": len(one), "lengths": lengths(one), "error": own} for one, own in pairs]


def lengths(batch: Batch) -> dict[str, int]:
    """Return the padded length of each input that has one."""
    return {name: own.mask.shape[1] for name, own in batch.inputs.items() if own.mask.ndim > 1}


def largest_error(wanted: Mapping[str, Tensor], got: Mapping[str, Tensor]) -> float:
    """Return the largest absolute difference; infinite where a shape or what is not finite differs."""
    errors = [0.0]
    for name, value in wanted.items():
        if name not in got or value.shape != got[name].shape:
            return float("inf")
        one, other = value.double(), got[name].double()
        error = torch.where((one == other) | (one.isnan() & other.isnan()), 0, (one - other).abs())
        errors += [float(error.nan_to_num(torch.inf, torch.inf).max())] if error.numel() else []
    return max(errors)
