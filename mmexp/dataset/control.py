"""Controls that must destroy a result which is real."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import overload

import numpy as np

from mmexp.contract import Sample
from mmexp.error import ConfigError, nearest

SEED = 0  # of the permutation: a control is the same for every seed of a run


class Controlled(Sequence[Sample]):
    """Samples with other inputs, and the targets, they have.

    Args:
        samples: A split.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.replaced(index)

    def replaced(self, index: int) -> Sample:
        """Sample ``index`` without its inputs."""
        own = self.samples[index]
        return Sample(own.id, {}, own.targets)


class BlankInputs(Controlled):
    """Take all inputs away: what is learnt then is how often each answer occurs."""


class ShuffledInputs(Controlled):
    """Give each sample all inputs of another one: what is learnt then comes from the targets, or from a leak.

    Args:
        samples: A split; no sample keeps its own inputs, if there are two at least.
        seed: Of the permutation.
    """

    def __init__(self, samples: Sequence[Sample], seed: int = SEED) -> None:
        super().__init__(samples)
        order = np.random.default_rng((seed, len(samples))).permutation(len(samples))
        self.source = np.empty_like(order)
        self.source[order] = np.roll(order, 1)

    def replaced(self, index: int) -> Sample:
        own, other = self.samples[index], self.samples[int(self.source[index])]
        return Sample(own.id, other.inputs, own.targets)


CONTROLS: Mapping[str, Callable[[Sequence[Sample]], Sequence[Sample]]] = {
    "blank": BlankInputs,
    "shuffled": ShuffledInputs,
}


def controlled(samples: Sequence[Sample], control: str | None) -> Sequence[Sample]:
    """Return the samples as a control wants them; as they are for None.

    Raises:
        ConfigError: If there is no such control.
    """
    if control is None:
        return samples
    if control not in CONTROLS:
        rule = f"control must be null, {' or '.join(CONTROLS)}, got {control!r}"
        raise ConfigError(f"config: {rule}. {nearest(control, list(CONTROLS))}")
    return CONTROLS[control](samples)
