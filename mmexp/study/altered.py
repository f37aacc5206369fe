"""The samples of a split with some of their inputs taken away, exchanged or changed; targets stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from mmexp.contract import Padded, Sample
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples

Change = Callable[[str, Any], Any]
"""Takes the id of a sample and the value of an input, and returns another value."""


@dataclass(frozen=True)
class Without(Samples):
    """Samples that lack inputs: a missing modality is a missing key.

    Args:
        samples: A split.
        lacking: By modality, whether each sample lacks it. [N]
    """

    samples: Sequence[Sample]
    lacking: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        own = self.samples[index]
        kept = [name for name in own.inputs if name not in self.lacking or not self.lacking[name][index]]
        files = {name: own.files[name] for name in kept if name in own.files}
        return Sample(own.id, Lazy(kept, own.inputs.__getitem__), own.targets, files)


@dataclass(frozen=True)
class Exchanged(Samples):
    """Samples some of whose inputs are those of another sample, all from the same one.

    Args:
        samples: A split.
        others: The sample that each is given inputs of.
        names: Modalities that are exchanged.
    """

    samples: Sequence[Sample]
    others: Sequence[Sample]
    names: Collection[str]

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        own, other = self.samples[index], self.others[index]
        known = {name: own for name in own.inputs if name not in self.names}
        known |= {name: other for name in other.inputs if name in self.names}
        files = {name: one.files[name] for name, one in known.items() if name in one.files}
        return Sample(own.id, Lazy(tuple(known), partial(_read, known)), own.targets, files)


@dataclass(frozen=True)
class Changed(Samples):
    """Samples some of whose inputs have another value; these are no longer what a file holds.

    Args:
        samples: A split.
        changes: By modality.
    """

    samples: Sequence[Sample]
    changes: Mapping[str, Change]

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        own = self.samples[index]
        files = {name: digest for name, digest in own.files.items() if name not in self.changes}
        return Sample(own.id, Lazy(tuple(own.inputs), partial(self._read, own)), own.targets, files)

    def _read(self, own: Sample, name: str) -> Any:
        value = own.inputs[name]
        return self.changes[name](own.id, value) if name in self.changes else value


def _read(known: Mapping[str, Sample], name: str) -> Any:
    return known[name].inputs[name]


@contextmanager
def blanked(encoders: Mapping[str, nn.Module], names: Collection[str]) -> Iterator[None]:
    """Let encoders read zeros in place of all values within the block; what was padding stays padding.

    Zero is the mean of numbers that are standardised, a black image, silence, and the padding token of a text.

    Args:
        encoders: By modality.
        names: Modalities that are blank.
    """

    def blank(encoder: nn.Module, given: tuple[Padded, ...]) -> tuple[Padded, ...]:
        return tuple(replace(one, values=torch.zeros_like(one.values)) for one in given)

    hooks = [encoders[name].register_forward_pre_hook(blank) for name in names]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
