"""Which samples make up which batch: a function of (seed, batch number), for any number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import Sampler

Order = Callable[[int, np.random.Generator], np.ndarray]


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
    of each batch; a last batch with fewer samples than processes is left out. ``order`` returns which ``size`` samples
    a pass holds, from the size and a generator of the pass.
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
        order: Order = lambda size, generator: generator.permutation(size),
    ) -> None:
        self.size, self.batch_size, self.total, self.seed, self.start = size, batch_size, total, seed, start
        self.rank, self.world, self.order = rank, world, order
        self.per_epoch = batches_per_epoch(size, batch_size, world)

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[list[Draw]]:
        shuffled, order, repeats = -1, np.empty(0, int), np.empty(0, int)
        for number in range(self.start, self.total):
            epoch, place = divmod(number, self.per_epoch)
            if epoch != shuffled:
                shuffled, order = epoch, self.order(self.size, np.random.default_rng((self.seed, epoch)))
                repeats = earlier(order)
            batch = slice(place * self.batch_size + self.rank, (place + 1) * self.batch_size, self.world)
            drawn = zip(order[batch].tolist(), repeats[batch].tolist(), strict=True)
            yield [Draw(index, epoch, repeat) for index, repeat in drawn]


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
