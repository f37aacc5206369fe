"""Augmentation of whole training batches; what varies one sample in a loader worker is its ``Transform.augment``."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mmexp.contract import Batch


class Augment(ABC):
    """Augment a training batch on its device, before the encoders.

    All randomness comes from torch's generators, which the training step seeds by (seed, batch number, rank): a resumed
    run repeats it.
    """

    @abstractmethod
    def __call__(self, batch: Batch) -> Batch:
        """Return the augmented batch, of the same size; its targets may change with its inputs."""
