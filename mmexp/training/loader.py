"""A DataLoader whose processes hand over a fault as it is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch.utils.data import DataLoader

from mmexp.contract import Batch, Sample
from mmexp.error import MmexpError

GRACE = 30  # s that a loader process goes on after SIGTERM


class Loader(DataLoader[Sample]):
    """Raise a fault of a loader process as one of this process, with its sample, path and hint.

    PyTorch would raise it anew from the text of its traceback alone. So such a process returns the fault in place of
    the batch: see ``fetched`` and ``collated``.
    """

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        return _raising(super().__iter__())


def fetched(read: Callable[[Any], Sample], draws: Sequence[Any]) -> list[Sample] | MmexpError:
    """Return the samples of a batch, or the fault that one of them is refused with."""
    try:
        return [read(draw) for draw in draws]
    except MmexpError as fault:
        return fault


def collated(
    collate: Callable[[Sequence[Sample]], Batch], samples: Sequence[Sample] | MmexpError
) -> Batch | MmexpError:
    """Join the samples of a batch, which may be none, unless there is a fault in their place."""
    if isinstance(samples, MmexpError):
        return samples
    return collate(samples) if samples else Batch({}, {}, ())


def outlive(worker: int) -> None:
    """Let a loader process serve on when all processes are asked to stop, so that the run can save its state."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(GRACE))


def _raising(batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        if isinstance(batch, MmexpError):
            raise batch
        yield batch
