"""Controls that must destroy a result which is real."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from mmexp.contract import Sample


class ShuffledInputs(Sequence[Sample]):
    """Give each sample all inputs of another one, and leave its targets: what is learnt then comes from the targets.

    Args:
        samples: A split.
        seed: Of the permutation; no sample keeps its own inputs, if there are two at least.
    """

    def __init__(self, samples: Sequence[Sample], seed: int) -> None:
        self.samples = samples
        order = np.random.default_rng((seed, len(samples))).permutation(len(samples))
        self.source = np.empty_like(order)
        self.source[order] = np.roll(order, 1)

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        own, other = self.samples[index], self.samples[int(self.source[index])]
        return Sample(own.id, other.inputs, own.targets)
