"""Several processes that train one run, watched by the one that was typed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mmexp.error import MmexpError, Stopped
from mmexp.run.folder import RunFolder

GRACE = 10.0  # s between asking a process to end and killing it
POLL = 0.05  # s


def launch(folder: RunFolder, *, world: int, arguments: Sequence[str], grace: float = GRACE) -> None:
    """Run ``mmexp train --join`` once per rank and wait for all; when one fails, end the others.

    Asked to stop, it asks every rank, so that they save one state together.

    Args:
        folder: The run they train.
        world: Number of processes.
        arguments: Further words for each of them.
        grace: Time a rank has to end after another failed, in seconds.

    Raises:
        MmexpError: If a rank failed, with its exit code and the end of what it said.
        Stopped: If the run was asked to stop and saved its state.
    """
    port = free_port()
    ranks = [_start(folder, rank, world, port, arguments) for rank in range(world)]
    asked: list[int] = []

    def ask(signum: int, frame: FrameType | None) -> None:
        asked.append(signum)
        _signal(ranks, signal.SIGTERM)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        failed = _watch(ranks)
    finally:
        _end(ranks, grace)
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        if signal.SIGINT in asked:
            raise KeyboardInterrupt
        raise Stopped(f"Run: stopped; its state is saved in {folder.path}.")
    if failed is not None:
        raise _Failed(failed, ranks[failed].returncode, folder)


class _Failed(MmexpError):
    def __init__(self, rank: int, code: int, folder: RunFolder) -> None:
        said = _output(folder, rank).read_text(errors="replace").strip() if _output(folder, rank).exists() else ""
        super().__init__(
            f"Rank {rank} must finish, got exit code {code}.\n{said[-4000:]}", hint=f"Read {folder.log}."
        )
        self.exit_code = code if 0 < code < 128 else 1


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(
    folder: RunFolder, rank: int, world: int, port: int, arguments: Sequence[str]
) -> subprocess.Popen[bytes]:
    threads = str(max(1, (os.cpu_count() or 1) // world))
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "NODE_RANK": 0, "MASTER_PORT": port}
    env = {
        "OMP_NUM_THREADS": threads,
        **os.environ,
        **{name: str(value) for name, value in place.items()},
        "MASTER_ADDR": "127.0.0.1",
    }
    command = [sys.executable, "-m", "mmexp", "train", "--join", str(folder.path), *arguments]
    with open(_output(folder, rank), "wb") as said:
        return subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=None if rank == 0 else said,
            stderr=said,
            process_group=0,
        )


def _output(folder: RunFolder, rank: int) -> Path:
    return folder.path / f"rank{rank}.txt"


def _watch(ranks: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Wait until all have ended well, or return the first rank that did not."""
    while True:
        codes = [process.poll() for process in ranks]
        for rank, code in enumerate(codes):
            if code:
                return rank
        if all(code == 0 for code in codes):
            return None
        time.sleep(POLL)


def _signal(ranks: Sequence[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    for process in ranks:
        if process.poll() is None:
            process.send_signal(number)


def _end(ranks: Sequence[subprocess.Popen[bytes]], grace: float) -> None:
    """Ask whoever is left to end, then insist."""
    deadline = time.monotonic() + grace
    while any(process.poll() is None for process in ranks) and time.monotonic() < deadline:
        time.sleep(POLL)
    _signal(ranks, signal.SIGKILL)
    for process in ranks:
        process.wait()
