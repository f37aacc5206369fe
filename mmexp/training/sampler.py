"""Which samples make up which batch: a function of (seed, batch number), for any number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Sampler

from mmexp.sampler.base import Sampler as EpochSampler

Batches = Callable[[int, int, np.random.Generator], list[np.ndarray]]
SHUFFLED = EpochSampler()


@dataclass(frozen=True)
class Draw:
    """Sample ``index`` as seen in pass ``epoch``; together with the seed they fix all its randomness.

    ``repeat`` counts how often the pass has drawn it before.
    """

    index: int
    epoch: int
    repeat: int = 0


class BatchStream(Sampler[list[Draw]]):
    """All training batches of a run, one pass after another; batch b depends on (seed, b) alone.

    A resumed run starts at batch ``start``, without replaying those before. Each process of ``world`` takes its share
    of each batch; a last batch with fewer samples than processes is left out. ``batches`` returns the samples of each
    batch of a pass, from the size, the batch size and a generator of the pass.
    """

    def __init__(
        self,
        *,
        size: int,
        batch_size: int,
        total: int,
        seed: int,
        start: int = 0,
        rank: int = 0,
        world: int = 1,
        batches: Batches = SHUFFLED.batches,
    ) -> None:
        self.size, self.batch_size, self.total, self.seed, self.start = size, batch_size, total, seed, start
        self.rank, self.world, self.batches = rank, world, batches
        self.per_epoch = batches_per_epoch(size, batch_size, world)

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[list[Draw]]:
        drawn: list[list[Draw]] = []
        for number in range(self.start, self.total):
            epoch, place = divmod(number, self.per_epoch)
            if number == self.start or place == 0:
                generator = np.random.default_rng((self.seed, epoch))
                drawn = draws(self.batches(self.size, self.batch_size, generator), epoch)
            yield drawn[place][self.rank :: self.world]


def draws(batches: Sequence[np.ndarray], epoch: int) -> list[list[Draw]]:
    """Say of each sample of each batch of a pass how often the pass has drawn it before."""
    repeats = iter(earlier(np.concatenate(batches)).tolist())
    return [[Draw(index, epoch, next(repeats)) for index in batch.tolist()] for batch in batches]


def earlier(order: np.ndarray) -> np.ndarray:
    """Count how often each number stands before in a row. [N] -> [N]"""
    ranks = np.argsort(order, kind="stable")
    starts = np.flatnonzero(np.diff(order[ranks], prepend=-1))
    lengths = np.diff(starts, append=len(order))
    found = np.empty_like(order)
    found[ranks] = np.arange(len(order)) - np.repeat(starts, lengths)
    return found


def batches_per_epoch(size: int, batch_size: int, world: int) -> int:
    """Batches of one pass over ``size`` samples."""
    return size // batch_size + (size % batch_size >= world)


class Share(Sampler[Draw]):
    """Each sample once, in order, split over the processes without repeating any."""

    def __init__(self, *, size: int, rank: int = 0, world: int = 1) -> None:
        self.indices = range(rank, size, world)

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Draw]:
        return (Draw(i, 0) for i in self.indices)


def batches_apart(indices: Iterable[int], patterns: Sequence[str], batch_size: int) -> list[list[Draw]]:
    """Put samples into batches of one pattern each.

    Args:
        indices: Of the samples of this process.
        patterns: Of each of them.
        batch_size: Samples at most.
    """
    parts: dict[str, list[Draw]] = {}
    for index, pattern in zip(indices, patterns, strict=True):
        parts.setdefault(pattern, []).append(Draw(index, 0))
    return [part[at : at + batch_size] for part in parts.values() for at in range(0, len(part), batch_size)]
