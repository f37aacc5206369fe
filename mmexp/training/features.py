"""Encode once: what frozen backbones give for the samples of a run comes from a store, and is computed if it is none's.

Features depend on the weights of a backbone, the transform of its input, where and in which precision it ran, and the
content of a value; all of it is in the key of a store, so that none is ever stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.cache import store
from mmexp.cache.store import Store, Write
from mmexp.contract import Batch, Sample, Split, Tokens, Waveform
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.encoder.backbone import BackboneEncoder, Features, fingerprint
from mmexp.hardware.base import Hardware
from mmexp.training.experiment import Experiment
from mmexp.transform.base import Transform, pad

Progress = Callable[[int, int], None]
PACKAGES = ("mmexp", "torch", "timm", "transformers", "tokenizers", "pillow", "scipy")
"""What computes features: another version may give others."""
BATCH = 32
_POOL = 16  # batches whose values are sorted by length


class FeatureTransform(Transform):
    """Take features as they come out of a store; of several texts one is read.

    Args:
        width: Channels C.

    Shape:
        list of float32 [N, C] -> Features: values [B, N, C], mask [B, N].
    """

    def __init__(self, width: int) -> None:
        self.width = width

    def prepare(self, raw: Sequence[np.ndarray]) -> list[Tensor]:
        return [torch.from_numpy(one) for one in raw]

    def augment(self, prepared: list[Tensor], generator: np.random.Generator) -> list[Tensor]:
        return [prepared[int(generator.integers(len(prepared)))]]

    def collate(self, items: Sequence[list[Tensor] | None]) -> Features:
        blank = torch.zeros(0, self.width)
        padded = pad([item[0] if item else blank for item in items], width=(self.width,))
        return Features(padded.values, padded.mask)


@dataclass(frozen=True)
class Encoded(Samples):
    """Samples some of whose inputs are the features of a store.

    Args:
        samples: A split.
        stores: By modality.
        names: Of the features of each sample by modality, in order; None where it lacks it.
    """

    samples: Sequence[Sample]
    stores: Mapping[str, Store]
    names: Mapping[str, Sequence[Sequence[str] | None]]

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        own = self.samples[index]
        return Sample(own.id, Lazy(tuple(own.inputs), partial(self._read, own, index)), own.targets, own.files)

    def _read(self, own: Sample, index: int, name: str) -> Any:
        if name not in self.stores:
            return own.inputs[name]
        return [self.stores[name].read(one) for one in self.names[name][index] or ()]


def name_of(value: Any) -> str:
    """Hash a value: text, numbers, an image, audio, or a structure of them."""
    found = hashlib.sha256()
    _update(found, value)
    return found.hexdigest()[:32]


def _update(found: Any, value: Any) -> None:
    if isinstance(value, Waveform):
        _update(found, (value.rate, value.samples))
    elif isinstance(value, np.ndarray):
        found.update(f"{value.dtype}{value.shape}".encode())
        found.update(np.ascontiguousarray(value).data)
    elif isinstance(value, list | tuple):
        found.update(f"{type(value).__name__}{len(value)}".encode())
        for one in value:
            _update(found, one)
    else:
        found.update(json.dumps(value, default=str).encode())


def names_of(sample: Sample, name: str, transform: Transform) -> list[str] | None:
    """Name the values of which a sample has the features; None if it lacks the input. A file is known by its hash."""
    if name not in sample.inputs:
        return None
    if known := sample.files.get(name):
        return [hashlib.sha256(known.encode()).hexdigest()[:32]]
    return [name_of(value) for value in transform.variants(sample.inputs[name])]


@dataclass(frozen=True)
class Extraction:
    """What a frozen encoder of one modality gives for a number of splits.

    Args:
        modality: Its name.
        encoder: Frozen.
        hardware: Where it runs.
        samples: Of each split.
    """

    modality: str
    encoder: BackboneEncoder
    hardware: Hardware
    samples: Mapping[Split, Sequence[Sample]]

    def names(self) -> dict[Split, list[list[str] | None]]:
        """Name the values of each sample by split."""
        transform = self.encoder.transform
        return {
            split: [names_of(sample, self.modality, transform) for sample in samples]
            for split, samples in self.samples.items()
        }

    def store(self, names: Mapping[Split, Sequence[Sequence[str] | None]], limit: float, progress: Progress) -> Store:
        """Return the store of all values, which is filled if there is none.

        Raises:
            TooLarge: If it would go beyond the limit, in GiB, or the disk.
        """
        where: dict[str, tuple[Split, int, int]] = {}
        for split, rows in names.items():
            for index, own in enumerate(rows):
                for number, name in enumerate(own or ()):
                    where.setdefault(name, (split, index, number))
        parts = {
            "backbone": fingerprint(self.encoder.backbone),
            "encoder": self.encoder.describe(),
            "transform": self.encoder.transform.describe(),
            "precision": self.hardware.precision,
            "accelerator": self.hardware.accelerator,
            "versions": [version(name) for name in PACKAGES],
        }
        about = {"model": self.encoder.origin.model, "modality": self.modality, "values": len(where), "parts": parts}
        return store.build(store.key_of(parts, list(where)), about, partial(self._write, where, progress), limit)

    def _write(self, where: Mapping[str, tuple[Split, int, int]], progress: Progress, write: Write) -> None:
        device = torch.device("cuda" if self.hardware.accelerator == "gpu" else "cpu")
        training, done = self.encoder.training, 0
        self.encoder.to(device).eval()
        for batch in self._batches(where):
            collated = self.encoder.transform.collate([value for _, value in batch])
            inputs = Batch({self.modality: collated}, {}, ()).to(device).inputs[self.modality]
            with torch.inference_mode(), self.hardware.autocast():
                found: Tokens = self.encoder.extract(inputs)
            for (name, _), features, mask in zip(batch, found.features.float().cpu(), found.mask.cpu(), strict=True):
                write(name, features[mask].numpy())
            progress(done := done + len(batch), len(where))
        self.encoder.train(training)

    def _batches(self, where: Mapping[str, tuple[Split, int, int]]) -> Iterator[list[tuple[str, Any]]]:
        """Yield names and prepared values, those of about one length together."""
        transform, items = self.encoder.transform, iter(where.items())
        while pool := list(islice(items, BATCH * _POOL)):
            prepared = []
            for name, (split, index, number) in pool:
                raw = self.samples[split][index].inputs[self.modality]
                prepared.append((name, transform.prepare(transform.variants(raw)[number])))
            prepared.sort(key=lambda pair: _length(pair[1]))
            yield from (prepared[i : i + BATCH] for i in range(0, len(prepared), BATCH))


def encode_once(experiment: Experiment, limit: float, progress: Progress) -> list[str]:
    """Let the loaders read features in place of the inputs of frozen encoders; return a line for each that is not.

    Args:
        experiment: Built; its data is changed.
        limit: GiB of features that are kept on disk for all runs; 0 keeps none.
        progress: Takes how many values of how many are encoded.
    """
    data = experiment.data
    stores: dict[str, Store] = {}
    names: dict[str, dict[Split, list[list[str] | None]]] = {}
    notes = []
    for modality, encoder in experiment.frozen.items():
        if reason := why_not(experiment, modality, limit):
            notes.append(f"{modality}: features of the frozen encoder are computed anew in each epoch, {reason}")
            continue
        one = Extraction(modality, encoder, experiment.hardware, data.samples)
        names[modality] = one.names()
        if not any(own for rows in names[modality].values() for own in rows):
            continue  # nothing to encode, as with control=blank
        try:
            stores[modality] = one.store(names[modality], limit, progress)
        except (store.TooLarge, PermissionError) as fault:
            notes.append(f"{modality}: features of the frozen encoder are computed anew in each epoch, as {fault}")
    if stores:
        data.read = {
            split: Encoded(samples, stores, {name: names[name][split] for name in stores})
            for split, samples in data.samples.items()
        }
        data.inputs = {**data.inputs, **{name: FeatureTransform(one.about["width"]) for name, one in stores.items()}}
        store.trim(limit, keep=[one.path for one in stores.values()])
    return notes


def why_not(experiment: Experiment, modality: str, limit: float) -> str:
    """Say why an input must be encoded anew each time; empty if it need not."""
    if not limit:
        return "as feature_cache=0"
    if modality in experiment.task.reads:
        return f"as {type(experiment.task).__name__} reads the {modality} itself"
    if experiment.method.teacher is not None:
        return "as the teacher reads it"
    if experiment.module.augments:
        return "as augment changes its input"
    if experiment.data.inputs[modality].is_random:
        return "as its transform is random; set its arguments to their defaults to encode once"
    return ""


def _length(value: Any) -> int:
    first = value[0] if isinstance(value, list) and value else value
    return len(first) if isinstance(first, Tensor | np.ndarray) else 0
