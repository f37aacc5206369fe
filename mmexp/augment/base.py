"""Augmentation of whole training batches; what varies one sample in a loader worker is its ``Transform.augment``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mmexp.contract import Batch
from mmexp.error import ConfigError


class Augment(ABC):
    """Augment a training batch on its device, before the encoders.

    All randomness comes from torch's generators, which the training step seeds by (seed, batch number, rank): a resumed
    run repeats it.

    Attributes:
        mixes: Whether what becomes of a sample depends on others of its batch.

    Example:
        >>> from dataclasses import replace
        >>> import torch
        >>> from mmexp import Augment, Batch, Padded
        >>> class SignFlip(Augment):
        ...     def __call__(self, batch):
        ...         own = batch.inputs["vector"]
        ...         sign = torch.randint(0, 2, (len(batch), 1)) * 2 - 1
        ...         return replace(batch, inputs={**batch.inputs, "vector": Padded(own.values * sign, own.mask)})
        >>> batch = Batch({"vector": Padded(torch.ones(2, 3), torch.tensor([True, True]))}, {}, ("a", "b"))
        >>> SignFlip()(batch).inputs["vector"].values.abs().sum()
        tensor(6.)
    """

    mixes: bool = False

    @abstractmethod
    def __call__(self, batch: Batch) -> Batch:
        """Return the augmented batch, of the same size; its targets may change with its inputs.

        Raises:
            ValueError: If its inputs or targets are of another form, which ends the run with this reason.
        """


def views(batch: Batch, augments: Sequence[Augment]) -> tuple[Batch, Batch]:
    """Augment a batch, and return it also as it was before, or after the last augmentation that mixes samples.

    Args:
        batch: As the loader gives it.
        augments: In order.

    Returns:
        Two views of the same samples, the weakly and the strongly augmented one.

    Raises:
        ConfigError: If an augmentation does not fit the inputs or targets.
    """
    weak = strong = batch
    for augment in augments:
        try:
            strong = augment(strong)
        except ValueError as fault:
            raise ConfigError(f"augment: {fault}", "Take it out of augment, or choose other inputs.") from fault
        weak = strong if augment.mixes else weak
    return weak, strong
