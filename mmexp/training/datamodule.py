"""The one LightningDataModule: samples through transforms into batches, the same for any number of workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytorch_lightning as pl
from torch.utils.data import Dataset

from mmexp.config.training import TrainingConfig
from mmexp.contract import Batch, Sample, Split
from mmexp.dataset.base import SPLITS, MultimodalDataset
from mmexp.dataset.control import controlled
from mmexp.error import ConfigError, MmexpError
from mmexp.hardware.base import Hardware
from mmexp.sampler.base import Sampler
from mmexp.training.loader import Loader, collated, fetched, outlive
from mmexp.training.sampler import BatchStream, Draw, Share, batches_apart, batches_per_epoch
from mmexp.training.size import size_of
from mmexp.transform.base import Transform

CACHE_BYTES = 1 << 30


class PreparedSplit(Dataset[Sample]):
    """Samples of one split through their transforms.

    The deterministic half of each transform is kept in memory, up to CACHE_BYTES for the split and process.

    Args:
        samples: The split.
        inputs: Transform by modality; other modalities of a sample are dropped here, by the root key ``inputs``.
        targets: Transform by target.
        seed: Of the random half; None for evaluation, which has none.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        inputs: Mapping[str, Transform],
        targets: Mapping[str, Transform],
        seed: int | None,
    ) -> None:
        self.samples, self.inputs, self.targets, self.seed = samples, inputs, targets, seed
        self._kept: dict[int, Sample] = {}
        self._room = CACHE_BYTES

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, draw: Draw) -> Sample:
        sample = self._kept.get(draw.index) or self.prepare(draw.index)
        if self.seed is None:
            return sample
        key = (self.seed << 64) + (draw.repeat << 48) + (draw.epoch << 32) + draw.index
        generator = np.random.Generator(np.random.Philox(key=key))
        return replace(
            sample,
            inputs={name: self.inputs[name].augment(value, generator) for name, value in sample.inputs.items()},
            targets={name: self.targets[name].augment(value, generator) for name, value in sample.targets.items()},
        )

    def __getitems__(self, draws: Sequence[Draw]) -> list[Sample] | MmexpError:
        """Return the samples of a batch, or the fault that one is refused with (called by the Loader)."""
        return fetched(self.__getitem__, draws)

    def prepare(self, index: int) -> Sample:
        """Read one sample and run the deterministic half of its transforms."""
        raw = self.samples[index]
        sample = replace(
            raw,
            inputs={name: t.prepare(raw.inputs[name]) for name, t in self.inputs.items() if name in raw.inputs},
            targets={name: t.prepare(raw.targets[name]) for name, t in self.targets.items() if name in raw.targets},
        )
        self._room -= sum(map(size_of, (*sample.inputs.values(), *sample.targets.values())))
        if self._room > 0:
            self._kept[index] = sample
        return sample

    def collate(self, samples: Sequence[Sample]) -> Batch:
        """Join samples; a target nobody has (prediction) is left out."""
        known = {name: t for name, t in self.targets.items() if any(name in s.targets for s in samples)}
        return Batch(
            {name: t.collate([s.inputs.get(name) for s in samples]) for name, t in self.inputs.items()},
            {name: t.collate([s.targets.get(name) for s in samples]) for name, t in known.items()},
            tuple(s.id for s in samples),
            tuple(s.files for s in samples),
        )


class DataModule(pl.LightningDataModule):
    """Loaders of one dataset for one model.

    Args:
        dataset: Where samples come from, prepared.
        inputs: Transform by modality, in the order of the inputs.
        targets: Transform by target of the task.
        training: Batch size and number of passes.
        hardware: Loader processes and pinning.
        seed: Of shuffling and variation.
        control: What to do to the inputs, see ``mmexp.dataset.control``; None for nothing.
        apart: Whether the control is to part inputs that belong together.
        sampler: Which samples an epoch holds; each once if None.

    Attributes:
        samples: By split; ``read`` are the same as the loaders read them, by ``inputs``.
        stores: Key of the store whose features they read in place of an input, by modality.

    Raises:
        ConfigError: If there are more processes than samples, or no such control.
    """

    def __init__(
        self,
        *,
        dataset: MultimodalDataset,
        inputs: Mapping[str, Transform],
        targets: Mapping[str, Transform],
        training: TrainingConfig,
        hardware: Hardware,
        seed: int,
        control: str | None = None,
        apart: bool = False,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__()
        self.samples = {name: controlled(dataset.split(name), control, apart) for name in SPLITS}
        self.read: dict[Split, Sequence[Sample]] = dict(self.samples)
        self.stores: Mapping[str, str] = {}
        self.dataset, self.inputs, self.targets = dataset, inputs, targets
        self.training, self.hardware, self.seed = training, hardware, seed
        self.start, self.sampler = 0, sampler or Sampler()
        self.sampler.prepare(dataset.values)
        for name in SPLITS if hardware.devices > 1 else ():
            if (size := len(self.samples[name])) < hardware.devices:
                raise ConfigError(
                    f"hardware.devices must be at most the {size} samples of {name}, got {hardware.devices}."
                )

    @property
    def place(self) -> tuple[int, int]:
        """Rank of this process and number of processes."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    @property
    def per_epoch(self) -> int:
        """Batches of one pass over the training split."""
        return batches_per_epoch(len(self.samples["train"]), self.training.batch_size, self.hardware.devices)

    @property
    def interval(self) -> int:
        """Batches between validations: ``validate_every`` epochs, rounded up to a whole optimizer step."""
        accumulate = self.training.accumulate
        return -(-self.per_epoch * self.training.validate_every // accumulate) * accumulate

    @property
    def total(self) -> int:
        """Batches of the whole run; it ends with a validation."""
        return self.interval * (self.training.epochs // self.training.validate_every)

    def state_dict(self) -> dict[str, Any]:
        if self.trainer is None:
            return {"batches": self.start}
        return {"batches": self.trainer.fit_loop.epoch_loop.batch_progress.current.ready}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.start = state_dict["batches"]

    def train_dataloader(self) -> Loader:
        split = PreparedSplit(self.read["train"], inputs=self.inputs, targets=self.targets, seed=self.seed)
        rank, world = self.place
        stream = BatchStream(
            size=len(split),
            batch_size=self.training.batch_size,
            total=self.total,
            seed=self.seed,
            start=self.start,
            rank=rank,
            world=world,
            batches=self.sampler.batches,
        )
        return self._loader(split, batch_sampler=stream)

    def weight(self, batch: Batch, number: int) -> float:
        """Weight of this process's share of training batch ``number`` in the mean over processes, 1 for an equal share.

        A mean over its samples times this weight, averaged over the processes, is the mean over the whole batch.
        """
        first = number % self.per_epoch * self.training.batch_size
        whole = min(self.training.batch_size, len(self.samples["train"]) - first)
        return len(batch) * self.place[1] / whole

    def val_dataloader(self) -> Loader:
        return self.evaluation("val")

    def test_dataloader(self) -> Loader:
        return self.evaluation("test")

    def evaluation(self, name: Split) -> Loader:
        """Every sample of a split exactly once, over all processes."""
        return self.sequence(self.read[name])

    def apart(self, name: Split, patterns: Sequence[str]) -> Loader:
        """Every sample of a split once, in batches of one of the patterns of this process's samples each."""
        rank, world = self.place
        split = PreparedSplit(self.read[name], inputs=self.inputs, targets=self.targets, seed=None)
        indices = Share(size=len(split), rank=rank, world=world).indices
        return self._loader(split, batch_sampler=batches_apart(indices, patterns, self.training.batch_size))

    def sequence(self, samples: Sequence[Sample]) -> Loader:
        """Every given sample exactly once, over all processes."""
        rank, world = self.place
        split = PreparedSplit(samples, inputs=self.inputs, targets=self.targets, seed=None)
        sampler = Share(size=len(samples), rank=rank, world=world)
        return self._loader(split, sampler=sampler, batch_size=self.training.batch_size)

    def _loader(
        self,
        split: PreparedSplit,
        *,
        batch_sampler: BatchStream | list[list[Draw]] | None = None,
        sampler: Share | None = None,
        batch_size: int = 1,
    ) -> Loader:
        return Loader(
            dataset=split,
            batch_size=batch_size,
            sampler=sampler,
            batch_sampler=batch_sampler,
            collate_fn=partial(collated, split.collate),
            worker_init_fn=outlive,
            num_workers=self.hardware.num_workers,
            pin_memory=self.hardware.accelerator == "gpu",
            persistent_workers=self.hardware.num_workers > 0,
        )
