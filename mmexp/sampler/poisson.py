"""Batches of random size, each sample in each of them by chance."""

from __future__ import annotations

import numpy as np

from mmexp.sampler.base import Sampler


class PoissonSampler(Sampler):
    """Put each sample into each batch with the same probability, independently of all else.

    A batch holds ``batch_size`` samples on average, and may be empty; an epoch has as many batches as if it held each
    sample once. This is what the accountants of differentially private SGD take batches to be.

    Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", https://arxiv.org/abs/1607.00133, section 3.1.
    """

    @staticmethod
    def rate(size: int, batch_size: int) -> float:
        """Return the probability of a sample to be in a batch."""
        return min(1.0, batch_size / size)

    def batches(self, size: int, batch_size: int, generator: np.random.Generator) -> list[np.ndarray]:
        rate = self.rate(size, batch_size)
        return [np.flatnonzero(generator.random(size) < rate) for _ in range(-(-size // batch_size))]
