"""Controls that must destroy a result which is real."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from mmexp.contract import Sample
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.error import ConfigError, nearest

SEED = 0  # of the permutation: a control is the same for every seed of a run


class Controlled(Samples):
    """Samples with other inputs, and the targets, they have.

    Args:
        samples: A split.
        apart: Whether inputs that belong together are to be parted.
    """

    def __init__(self, samples: Sequence[Sample], apart: bool = False) -> None:
        self.samples, self.apart = samples, apart

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        """Sample ``index`` without its inputs."""
        own = self.samples[index]
        return Sample(own.id, {}, own.targets)


class BlankInputs(Controlled):
    """Take all inputs away: what is learnt then is how often each answer occurs."""


class ShuffledInputs(Controlled):
    """Give each sample all inputs of another one: what is learnt then comes from the targets, or from a leak.

    Args:
        samples: A split; no sample keeps its own inputs, if there are two at least.
        apart: Take each input from yet another sample, as far as there are enough: what is learnt then does not come
            from what belongs together either.
        seed: Of the permutation.
    """

    def __init__(self, samples: Sequence[Sample], apart: bool = False, seed: int = SEED) -> None:
        super().__init__(samples, apart)
        order = np.random.default_rng((seed, len(samples))).permutation(len(samples))
        self.source = np.empty_like(order)
        self.source[order] = np.roll(order, 1)

    def sample(self, index: int) -> Sample:
        own, source = self.samples[index], int(self.source[index])
        if not self.apart:
            shown = self.samples[source]
            return Sample(own.id, shown.inputs, own.targets, shown.files)
        sources = {}
        for name in self.samples[source].inputs:
            sources[name], source = source, int(self.source[source])
        kept = [name for name in sources if name in self.samples[sources[name]].inputs]
        known = {name: self.samples[sources[name]].files for name in kept}
        files = {name: own_files[name] for name, own_files in known.items() if name in own_files}
        return Sample(own.id, Lazy(kept, partial(self._read, sources)), own.targets, files)

    def _read(self, sources: Mapping[str, int], name: str) -> Any:
        return self.samples[sources[name]].inputs[name]


CONTROLS: Mapping[str, Callable[[Sequence[Sample], bool], Sequence[Sample]]] = {
    "blank": BlankInputs,
    "shuffled": ShuffledInputs,
}


def controlled(samples: Sequence[Sample], control: str | None, apart: bool = False) -> Sequence[Sample]:
    """Return the samples as a control wants them; as they are for None.

    Args:
        samples: A split.
        control: One of CONTROLS.
        apart: Whether the control is to part inputs that belong together.

    Raises:
        ConfigError: If there is no such control.
    """
    if control is None:
        return samples
    if control not in CONTROLS:
        rule = f"control must be null, {' or '.join(CONTROLS)}, got {control!r}"
        raise ConfigError(f"config: {rule}. {nearest(control, list(CONTROLS))}")
    return CONTROLS[control](samples, apart)
