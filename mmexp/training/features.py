"""Encode once: loaders read what frozen backbones gave from a store, in place of the inputs of their encoders."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmexp.cache import store
from mmexp.cache.store import NotKept, Store
from mmexp.contract import Sample, Split
from mmexp.dataset.lazy import Lazy
from mmexp.dataset.samples import Samples
from mmexp.encoder.backbone import FeatureEncoder, Features, frozen, is_frozen
from mmexp.hardware.base import Hardware
from mmexp.training.experiment import Experiment
from mmexp.training.extraction import Extraction, Names, Progress, names_of
from mmexp.training.model import Model
from mmexp.transform.base import Transform, pad

ANEW = "features of the frozen encoder are computed anew in each epoch"


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
    names: Mapping[str, Names]

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        own = self.samples[index]
        return Sample(own.id, Lazy(tuple(own.inputs), partial(self._read, own, index)), own.targets, own.files)

    def _read(self, own: Sample, index: int, name: str) -> Any:
        if name not in self.stores:
            return own.inputs[name]
        return [self.stores[name].read(one) for one in self.names[name][index] or ()]


def extractions(model: Model, hardware: Hardware) -> dict[str, Extraction]:
    """Return by modality the encoders whose features depend on a frozen backbone alone."""
    found = {}
    for name, encoder in model.encoders.items():
        if isinstance(encoder, FeatureEncoder) and (own := encoder.extractor) and is_frozen(own.backbone):
            found[name] = Extraction(name, encoder, own, hardware)
    return found


def encode_once(experiment: Experiment, limit: float, progress: Progress) -> list[str]:
    """Let the loaders read features in place of the inputs of frozen encoders; return a line for each that is not.

    Args:
        experiment: Built; its data is changed.
        limit: GiB of features that are kept on disk for all runs; 0 keeps none.
        progress: Takes how many values of how many are encoded.
    """
    data, model = experiment.data, experiment.module.model
    known = extractions(model, experiment.hardware)
    stores: dict[str, Store] = {}
    names: dict[str, dict[Split, Names]] = {}
    notes = [f"{name}: {ANEW}, as {rule}" for name, rule in not_extracted(model, known).items()]
    for modality, one in known.items():
        if reason := why_not(experiment, modality, limit):
            notes.append(f"{modality}: {ANEW}, {reason}")
            continue
        try:
            names[modality] = {split: one.names(samples) for split, samples in data.samples.items()}
            if any(own for rows in names[modality].values() for own in rows):
                stores[modality] = one.store(data.samples, names[modality], limit, progress)
            else:  # as with control=blank
                data.inputs = {**data.inputs, modality: FeatureTransform(one.extractor.width)}
        except (NotKept, PermissionError) as fault:
            notes.append(f"{modality}: {ANEW}, as {fault}")
    if stores:
        data.stores = {modality: one.path.name for modality, one in stores.items()}
        data.read = {
            split: Encoded(samples, stores, {name: names[name][split] for name in stores})
            for split, samples in data.samples.items()
        }
        data.inputs = {**data.inputs, **_read(stores)}
        store.trim(limit, keep=[one.path for one in stores.values()])
    return notes


def kept_stores(model: Model, hardware: Hardware, keys: Mapping[str, str]) -> dict[str, Store]:
    """Return by modality the stores that training has kept, and say which are not there or do not fit.

    Args:
        model: Trained.
        hardware: Where it predicts.
        keys: Of the stores, by modality.
    """
    known = extractions(model, hardware)
    found = {name: known[name].find(key) for name, key in keys.items() if name in known}
    for name in [name for name, one in found.items() if one is None]:
        rule = "as those of training are gone, or of other hardware or versions"
        logging.getLogger(__name__).warning("%s: features of the frozen encoder are computed anew, %s.", name, rule)
    return {name: one for name, one in found.items() if one is not None}


def encoded_before(
    transforms: Mapping[str, Transform], stores: Mapping[str, Store], samples: Sequence[Sample]
) -> tuple[Sequence[Sample], dict[str, Transform]]:
    """Return samples that read features in place of inputs, and their transforms, where a store has all of the values.

    Args:
        transforms: Of each input.
        stores: By modality.
        samples: As the dataset gives them.
    """
    known = {name: _held(samples, name, transforms[name], one) for name, one in stores.items()}
    names = {name: own for name, own in known.items() if own is not None}
    if not names:
        return samples, dict(transforms)
    found = {name: stores[name] for name in names}
    return Encoded(samples, found, names), {**transforms, **_read(found)}


def _held(samples: Sequence[Sample], name: str, transform: Transform, one: Store) -> Names | None:
    """Name the values of each sample; None as soon as one is not in the store, so that the others are not read."""
    found = []
    for sample in samples:
        own = names_of(sample, name, transform)
        if not one.has(own or ()):
            return None
        found.append(own)
    return found


def not_extracted(model: Model, known: Mapping[str, Extraction]) -> dict[str, str]:
    """Say of each frozen encoder within another one why its features are not kept."""
    kept, parts = {id(one.extractor) for one in known.values()}, dict(model.named_modules())
    return {
        name: f"{type(parts['.'.join(name.split('.')[:2])]).__name__} is no FeatureEncoder"
        for name, one in frozen(model).items()
        if id(one) not in kept
    }


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


def _read(stores: Mapping[str, Store]) -> dict[str, Transform]:
    return {name: FeatureTransform(one.about["width"]) for name, one in stores.items()}
