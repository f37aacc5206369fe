"""Memory, or a loader process, that ran out."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from mmexp.contract import Batch
from mmexp.error import FITS, ResourceError

T = TypeVar("T")
_DEAD_WORKER = re.compile(
    r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\) (is killed by signal: [\w ]*\w|exited unexpectedly)"
)
_NO_SHARED_MEMORY = re.compile(r"unable to \w+ [^\n]*(</torch_|shared memory)[^\n]*")
_NO_MEMORY = re.compile(
    r"out of memory|(can't|cannot|not enough) (\w+ )?memory|ALLOC_FAILED|storage size calculation overflowed",
    re.IGNORECASE,
)


class MemoryFit:
    """Call a function on a batch; where memory runs out, on halves of it, and from then on on batches of that size.

    Attributes:
        size: Samples at most; None as long as all batches have fitted.

    Raises:
        RuntimeError: As torch does, if a single sample does not fit.
    """

    def __init__(self) -> None:
        self.size: int | None = None

    def __call__(self, work: Callable[[Batch], T], batch: Batch) -> Iterator[tuple[Batch, T]]:
        """Yield each part of the batch, in order, with what the function returns for it."""
        done = 0
        while done < len(batch):
            end = min(len(batch), done + (self.size or len(batch)))
            part = batch if (done, end) == (0, len(batch)) else batch.rows(slice(done, end))
            try:
                found = work(part)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or len(part) == 1:
                    raise
                self.size = len(part) // 2
            else:
                done = end
                yield part, found
                continue
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            message = "%s samples at once do not fit in memory; they are evaluated %s at a time."
            logging.getLogger(__name__).warning(message, len(part), self.size)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, PyTorch or a device has found no memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error)) is not None


@contextmanager
def shortage_refused(hint: Callable[[], str]) -> Iterator[None]:
    """Turn what PyTorch raises when memory is short into one error.

    Args:
        hint: Returns what to do if there is too little memory for a batch.

    Raises:
        ResourceError: If memory ran out, or a loader process was killed.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if dead := _DEAD_WORKER.search(str(error)):
            rule = "loader process must live until the end"
            raise ResourceError(f"Training: {rule}, got: process {dead[1]} {dead[2]}.", _FREE) from error
        if lacking := _NO_SHARED_MEMORY.search(str(error)):
            rule = "shared memory must have room for what loader processes read"
            raise ResourceError(f"Training: {rule}, got: {lacking[0]}.", _FREE) from error
        if is_out_of_memory(error):
            reason = str(error).strip().partition("\n")[0]
            raise ResourceError(f"Training: {FITS}, got: {reason}", hint()) from error
        raise


_FREE = (
    "Memory, or shared memory (df -h /dev/shm), is too small, if nobody killed it: free some, or set num_workers of "
    "hardware lower in the run's config.yaml."
)
