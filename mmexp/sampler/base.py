"""Which training samples an epoch holds, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class Sampler:
    """Draw the samples of an epoch; by itself each once, shuffled.

    Example:
        >>> import numpy as np
        >>> from mmexp import Sampler
        >>> class HalfSampler(Sampler):  # the first half of the data, twice
        ...     def order(self, size, generator):
        ...         return generator.permutation(size) // 2
        >>> sorted(HalfSampler().order(6, np.random.default_rng(0)).tolist())
        [0, 0, 1, 1, 2, 2]
    """

    def prepare(self, values: Callable[[str], Iterator[Any]]) -> None:
        """Read what it needs of the training split, once.

        Args:
            values: Returns the values of a target, in the order of the samples.
        """

    def order(self, size: int, generator: np.random.Generator) -> np.ndarray:
        """Return as many numbers of samples as there are samples.

        Args:
            size: Samples of the training split.
            generator: Of the epoch; no other randomness may be used.
        """
        return generator.permutation(size)

    def batches(self, size: int, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
        """Return the numbers of the samples of each batch of an epoch; by itself the order, cut.

        Args:
            size: Samples of the training split.
            batch_size: Samples of a batch, over all processes.
            generator: Of the epoch; no other randomness may be used.
        """
        order = self.order(size, generator)
        return [order[first : first + batch_size] for first in range(0, len(order), batch_size)]

    def notes(self) -> list[str]:
        """Say what a user should know of it before training, a line each."""
        return []
