"""What a frozen encoder gives for samples, value by value.

Features depend on the weights of a backbone, the transform of its input, where and in which precision it ran, and the
content of a value; all of it is in the key of a store, so that none is ever stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.cache import store
from mmexp.cache.store import NotKept, Store, Write
from mmexp.contract import Batch, Sample, Split, Tokens, Waveform
from mmexp.encoder.backbone import BackboneEncoder, FeatureEncoder, fingerprint
from mmexp.hardware.base import Hardware
from mmexp.transform.base import Transform

Progress = Callable[[int, int], None]
Names = Sequence[Sequence[str] | None]
"""Of the values that each sample has; None where it lacks the input."""
Place = tuple[Split, int, int]
"""Where a value is: number of the sample, and of the value among those of its own."""
BATCH = 32
_POOL = 16  # batches whose values are sorted by length


@dataclass(frozen=True)
class Extraction:
    """Compute the features of a frozen encoder, or find them.

    Args:
        modality: Whose encoder it is.
        encoder: Gives the features.
        extractor: On whose frozen backbone they depend: the same, or one within it.
        hardware: Where it runs.
    """

    modality: str
    encoder: FeatureEncoder
    extractor: BackboneEncoder
    hardware: Hardware

    @cached_property
    def parts(self) -> dict[str, Any]:
        """What features depend on but the values."""
        transform = self.encoder.transform
        packages = ("mmexp", "torch", *self.encoder.packages, *transform.packages)
        return {
            "backbone": fingerprint(self.extractor.backbone),
            "encoder": self.encoder.describe(),
            "transform": transform.describe(),
            "precision": self.hardware.precision,
            "accelerator": self.hardware.accelerator,
            "versions": {name: version(name) for name in packages},
        }

    def names(self, samples: Sequence[Sample]) -> Names:
        """Name the values of each sample."""
        return [names_of(sample, self.modality, self.encoder.transform) for sample in samples]

    def find(self, key: str) -> Store | None:
        """Return the store of a key, if it is there and holds what this encoder gives."""
        return store.find(key, self.parts)

    def store(
        self, samples: Mapping[Split, Sequence[Sample]], names: Mapping[Split, Names], limit: float, progress: Progress
    ) -> Store:
        """Return the store of all values, which is filled if there is none.

        Raises:
            NotKept: If it would go beyond the limit, in GiB, or the disk.
        """
        where: dict[str, Place] = {}
        for split, rows in names.items():
            for index, own in enumerate(rows):
                for number, name in enumerate(own or ()):
                    where.setdefault(name, (split, index, number))
        about = {"model": self.extractor.origin.model, "modality": self.modality, "values": len(where)}
        key = store.key_of(self.parts, list(where))
        write = partial(self._write, samples, where, progress)
        return store.build(key, about | {"parts": self.parts}, write, limit)

    def _write(
        self,
        samples: Mapping[Split, Sequence[Sample]],
        where: Mapping[str, Place],
        progress: Progress,
        write: Write,
    ) -> None:
        device = torch.device("cuda" if self.hardware.accelerator == "gpu" else "cpu")
        training, done = self.encoder.training, 0
        self.encoder.to(device).eval()
        for batch in self._batches(samples, where):
            collated = self.encoder.transform.collate([value for _, value in batch])
            inputs = Batch({self.modality: collated}, {}, ()).to(device).inputs[self.modality]
            with torch.inference_mode(), self.hardware.autocast():
                found: Tokens = self.encoder.extract(inputs)
            for (name, _), features, mask in zip(batch, found.features.float().cpu(), found.mask.cpu(), strict=True):
                write(name, features[mask].numpy())
            progress(done := done + len(batch), len(where))
        self.encoder.train(training)

    def _batches(
        self, samples: Mapping[Split, Sequence[Sample]], where: Mapping[str, Place]
    ) -> Iterator[list[tuple[str, Any]]]:
        """Yield names and prepared values, those of about one length together."""
        transform, items = self.encoder.transform, iter(where.items())
        while pool := list(islice(items, BATCH * _POOL)):
            prepared = []
            for name, (split, index, number) in pool:
                raw = samples[split][index].inputs[self.modality]
                prepared.append((name, transform.prepare(transform.variants(raw)[number])))
            prepared.sort(key=lambda pair: _length(pair[1]))
            yield from (prepared[i : i + BATCH] for i in range(0, len(prepared), BATCH))


def name_of(value: Any) -> str:
    """Hash a value: text, numbers, an image, audio, or a structure of them.

    Raises:
        NotKept: If it is something else.
    """
    found = hashlib.sha256()
    _update(found, value)
    return found.hexdigest()[:32]


def _update(found: Any, value: Any) -> None:
    if isinstance(value, Waveform):
        _update(found, (value.rate, value.samples))
    elif isinstance(value, np.ndarray | np.generic):
        found.update(f"{value.dtype}{value.shape}".encode())
        found.update(np.ascontiguousarray(value).data)
    elif isinstance(value, list | tuple):
        found.update(f"{type(value).__name__}{len(value)}".encode())
        for one in value:
            _update(found, one)
    else:
        try:
            found.update(json.dumps(value).encode())
        except TypeError as fault:
            raise NotKept(f"a value must be of text, numbers or arrays, got {type(value).__name__}") from fault


def names_of(sample: Sample, name: str, transform: Transform) -> list[str] | None:
    """Name the values of which a sample has the features; None if it lacks the input. A file is known by its hash."""
    if name not in sample.inputs:
        return None
    if known := sample.files.get(name):
        return [hashlib.sha256(known.encode()).hexdigest()[:32]]
    return [name_of(value) for value in transform.variants(sample.inputs[name])]


def _length(value: Any) -> int:
    first = value[0] if isinstance(value, list) and value else value
    return len(first) if isinstance(first, Tensor | np.ndarray) else 0
