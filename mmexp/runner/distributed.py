"""Several processes that train one run with DistributedDataParallel, supervised by the one that was typed."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmexp.error import MmexpError, Stopped
from mmexp.runner.process import End
from mmexp.runner.worker import Worker, supervised, wait

POLL = 0.5  # s
GRACE = 5.0  # s that a rank has to end after another has failed
HOST = "127.0.0.1"
SIGKILLED = "Its process was ended by SIGKILL."
"""Message of a rank that was killed from outside, such as for lack of memory: no other rank is the cause of that."""


_PLACES = (
    "RANK",
    "LOCAL_RANK",
    "NODE_RANK",
    "GROUP_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "TORCHELASTIC_RUN_ID",
    "TORCHELASTIC_USE_AGENT_STORE",
    "SLURM_NTASKS",  # by this, Lightning takes each task of Slurm for a rank
)


def run_distributed(work: Callable[..., None], arguments: Sequence[Any], *, world: int, timeout: float) -> None:
    """Run ``work`` once per rank and wait for all; when one fails, end the others.

    They find one another through a store in this process, which keeps its port as long as they live: two runs can
    never join. A signal to stop is passed on to every rank, so that they save one state together.

    Args:
        work: As for ``Worker``; a rank reads its place from RANK, LOCAL_RANK and WORLD_SIZE.
        arguments: As for ``Worker``.
        world: Number of ranks.
        timeout: Longest wait for the others once one has finished, in seconds.

    Raises:
        MmexpError: If a rank failed: that it was killed, else the error of the first one to fail, with its exit code.
        Stopped: If a signal came, and the ranks stopped.
    """
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    store = TCPStore(HOST, 0, is_master=True, wait_for_workers=False)
    ranks: list[Worker] = []
    with supervised(ranks) as signals:
        for rank in range(world):
            ranks.append(Worker(work, arguments, env=_place(rank, world, store.port), share=world))
        ends = _watch(ranks, timeout, signals)
    failures = [(end.message != SIGKILLED, end.at, rank, end) for rank, end in enumerate(ends) if end.status != "done"]
    if not failures:
        return
    *_, rank, end = min(failures, key=lambda one: one[:3])
    if end.status == "failed" or not (signals or end.status == "stopped"):
        raise _error(rank, end)
    stop = Stopped(end.message)
    stop.exit_code = 128 + signals[0] if signals else end.exit_code
    raise stop


def _place(rank: int, world: int, port: int) -> dict[str, str]:
    return {
        "RANK": f"{rank}",
        "LOCAL_RANK": f"{rank}",
        "NODE_RANK": "0",
        "WORLD_SIZE": f"{world}",
        "MASTER_ADDR": HOST,
        "MASTER_PORT": f"{port}",
        "TORCHELASTIC_USE_AGENT_STORE": "True",  # by this, torch asks whether the store is there already
    }


@contextmanager
def alone() -> Iterator[None]:
    """Hide what the environment says of a group of processes, such as a RANK that another program has left there."""
    found = {name: os.environ.pop(name) for name in _PLACES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(found)


def _watch(ranks: Sequence[Worker], timeout: float, signals: Sequence[int]) -> list[End]:
    """Wait for all; once one has ended, for the others only so long."""
    while left := [rank for rank in ranks if not rank.poll()]:
        ends = [rank.end for rank in ranks if rank.end]
        deadline = min((end.at + (timeout if end.status == "done" else GRACE) for end in ends), default=math.inf)
        for rank in left:
            if signals:
                rank.request_stop()
            if time.monotonic() > deadline:
                rank.kill(f"It did not end within {deadline - ends[0].at:g} s of another rank.")
        wait(left, POLL)
    return [rank.end for rank in ranks if rank.end]


def _error(rank: int, end: End) -> MmexpError:
    """The error of a rank, as one process would show it where it was an expected one."""
    expected = end.status == "failed" and not end.traceback
    error = MmexpError(end.message if expected else f"Rank {rank}: {end.message}\n{end.traceback}".strip(), end.hint)
    error.exit_code = end.exit_code
    return error
