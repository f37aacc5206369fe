"""A trained run, ready to predict. Its folder is read, never written, and its training data is not needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import pytorch_lightning as pl
import torch

from mmexp.cache.store import Store
from mmexp.config.compose import load_config
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.config.override import read
from mmexp.config.schema import CHANGEABLE
from mmexp.contract import Batch, Sample
from mmexp.error import ConfigError
from mmexp.hardware.base import Hardware
from mmexp.inference.read_once import ReadOnce
from mmexp.run.folder import RunFolder
from mmexp.run.origin import origin, paths_from
from mmexp.task.base import Task
from mmexp.training.availability import evaluate_apart
from mmexp.training.datamodule import PreparedSplit
from mmexp.training.features import encoded_before, kept_stores
from mmexp.training.loader import Loader, collated
from mmexp.training.module import ExperimentModule
from mmexp.training.restored import best_checkpoint, restored
from mmexp.training.sampler import Draw, Share, batches_apart
from mmexp.training.shortage import shortage_refused
from mmexp.transform.base import Transform

_SMALLER = "Set hardware=cpu, if that has more memory: a single sample does not fit."
_TOO_LARGE = "Restore it where there is more memory, if its config.yaml can be trusted: the model alone does not fit."
EvaluatedSplit = Literal["val", "test"]


@dataclass(frozen=True)
class BatchChange:
    """What is done to each batch before it is evaluated.

    Args:
        modality: Whose values are changed; they are read as they are, never as features in their place.
        change: Takes a batch and returns another one; gradients can be computed in it.
    """

    modality: str
    change: Callable[[Batch], Batch]


@dataclass(frozen=True)
class Predictor:
    """A run's model with its best weights.

    Args:
        root: Its config, with the overrides.
        typed: Keys of the overrides.
        facts: What its training data knew.
        module: The model, and how it is measured.
        stores: Features that training has kept, by modality.
        batch_size: Samples at once.
        hardware: Where it predicts.
        once: Keeps what it reads of a split that is evaluated several times; None reads anew each time.
    """

    root: Mapping[str, Any]
    typed: tuple[str, ...]
    facts: Facts
    module: ExperimentModule
    stores: Mapping[str, Store]
    batch_size: int
    hardware: Hardware
    once: ReadOnce | None = None

    @property
    def task(self) -> Task:
        return self.module.model.task

    @property
    def device(self) -> torch.device:
        return torch.device("cuda" if self.hardware.accelerator == "gpu" else "cpu")

    def predict(self, samples: Sequence[Sample]) -> Iterator[dict[str, Any]]:
        """Predict the task's row for each sample, in order."""
        for number, batch in enumerate(self.batches(samples, {})):
            with torch.inference_mode(), self.hardware.autocast(), shortage_refused(lambda: _SMALLER):
                rows = self.module.predict_step(batch, number)
            yield from rows

    @cached_property
    def targets(self) -> Mapping[str, Transform]:
        """How each target becomes what the task is measured with."""
        return self.task.transforms()

    def evaluate(
        self, samples: Sequence[Sample], split: EvaluatedSplit, changed: BatchChange | None = None
    ) -> dict[str, float]:
        """Return the metrics over all samples, named after the split.

        Args:
            samples: With their targets.
            split: That the metrics are named after.
            changed: What is done to each batch; nothing if None.
        """
        if changed is None:
            with self.once.watching(self.module.model) if self.once else nullcontext():
                self._pass(split, self.batches(samples, self.targets))
        else:
            self._pass(split, map(changed.change, self.batches(samples, self.targets, anew=changed.modality)))
        return self.module.results[split]

    def evaluate_by_inputs(self, samples: Sequence[Sample], split: EvaluatedSplit) -> dict[str, Any]:
        """Evaluate samples that were just evaluated once more by which inputs they have, if some lack one."""
        patterns = self.module.patterns
        batches = batches_apart(range(len(samples)), patterns, self.batch_size)

        def again() -> None:
            self._pass(split, self.batches(samples, self.targets, batches))

        return evaluate_apart(self.module, patterns, again)

    def _pass(self, split: EvaluatedSplit, batches: Iterator[Batch]) -> None:
        module = self.module
        begin, step, end = {
            "val": (module.on_validation_epoch_start, module.validation_step, module.on_validation_epoch_end),
            "test": (module.on_test_epoch_start, module.test_step, module.on_test_epoch_end),
        }[split]
        with shortage_refused(lambda: _SMALLER):
            with torch.inference_mode():
                begin()
            for number, batch in enumerate(batches):
                with torch.inference_mode(), self.hardware.autocast():
                    step(batch, number)
            with torch.inference_mode():
                end()

    def batches(
        self,
        samples: Sequence[Sample],
        targets: Mapping[str, Transform],
        apart: list[list[Draw]] | None = None,
        anew: str = "",
    ) -> Iterator[Batch]:
        """Yield samples as the model reads them, with some of their targets, in order or in given batches.

        Args:
            samples: As the dataset gives them.
            targets: Transforms of the targets that are wanted.
            apart: Batches; in order if None.
            anew: Modality whose features that were kept are not read.
        """
        here = samples is self.once  # what is read in other processes is not kept in this one
        workers = 0 if here or len(samples) <= self.batch_size else self.hardware.num_workers
        stores = {name: one for name, one in self.stores.items() if name != anew}
        samples, inputs = encoded_before(self.module.model.transforms, stores, samples)
        if self.once:
            inputs, targets = self.once.transforms(inputs, here), self.once.transforms(targets, here)
        split = PreparedSplit(samples, inputs=inputs, targets=targets, seed=None)
        loader = Loader(
            split,
            batch_size=1 if apart else self.batch_size,
            sampler=None if apart else Share(size=len(samples)),
            batch_sampler=apart,
            collate_fn=partial(collated, split.collate),
            num_workers=workers,
            pin_memory=self.device.type == "cuda",
        )
        moved = (batch.to(self.device, non_blocking=True) for batch in loader)
        return map(self.once.known, moved) if self.once and not anew else moved


def restore(folder: RunFolder, overrides: Sequence[str] = ()) -> Predictor:
    """Build the model of a run and load its weights: the best ones, or the last if there are none.

    Args:
        folder: The run.
        overrides: As typed, of ``CHANGEABLE`` keys.

    Raises:
        ConfigError: If an override would make it another model, or the run has no checkpoint that fits it.
        DataError: If the checkpoint does not match its hash.
        ResourceError: If the model does not fit in memory.
    """
    typed = _typed(overrides)
    root = load_config(folder.config, overrides).plain()
    best_checkpoint(folder)
    root["dataset"] = _from_origin(folder, root["dataset"], typed)
    facts = Facts.read(folder.path)
    pl.seed_everything(root["seed"], verbose=False)
    hardware: Hardware = instantiate("hardware", root["hardware"], plugins=root["plugins"])
    if hardware.accelerator == "gpu" and not torch.cuda.is_available():
        raise ConfigError("hardware.accelerator must be one that is here, got 'gpu'.", "Add hardware=cpu")
    with shortage_refused(lambda: _TOO_LARGE):
        module = restored(folder, root, facts)
    stores = kept_stores(module.model, hardware, facts.get("features", {}))
    trained = Predictor(root, typed, facts, module, stores, root["training"]["batch_size"], hardware)
    module.to(trained.device)
    return trained


def _typed(overrides: Sequence[str]) -> tuple[str, ...]:
    """Keys that are typed; none may make it another model."""
    asked = read(overrides)
    chosen = (group.package or group.key_or_group.replace("/", ".") for group in asked.groups)
    keys = (*(value.key_or_group for value in asked.values), *chosen)
    rule = f"key must be in {', '.join(CHANGEABLE)}, as any other would make it another model"
    wrong = [key for key in keys if not any(f"{key}.".startswith(f"{free}.") for free in CHANGEABLE)]
    if wrong:
        raise ConfigError([f"command line: {rule}, got '{key}'." for key in wrong])
    return keys


def _from_origin(folder: RunFolder, node: Mapping[str, Any], typed: Sequence[str]) -> dict[str, Any]:
    """Let the paths of the run's own data count from where the run began; those that are typed count from here."""
    start = None if any(f"{key}.".startswith("dataset.") for key in typed) else origin(folder)
    found = paths_from(start, node) if start else {}
    for key, path in found.items():
        logging.getLogger(__name__).warning("dataset.%s is %s, from the folder that the run began in.", key, path)
    return {**node, **found}
